import Foundation

/// Answers HTTP requests with a model: the page and the JSON interface of `keepfit serve`, without a network.
///
/// | request | answer |
/// | --- | --- |
/// | `GET /` | the page |
/// | `GET /healthz` | `{"status": "ok"}` |
/// | `GET /api/model` | the model, its settings and the limits |
/// | `POST /api/classify` | probabilities of labels |
/// | `POST /api/explain` | a saliency map |
/// | `POST /api/search`, `GET /api/search?text=…` | the most similar images of an index |
/// | `GET /api/thumbnail?index=N` | an image of the index |
///
/// Any number of threads may ask one service at the same time. Memory does not grow with the number of requests.
public final class InferenceService: Sendable {
  /// What a service answers with, besides the model.
  public struct Settings: Sendable {
    /// The name of the model, shown to users.
    public var modelName: String
    /// The version of the program.
    public var version: String?
    /// The image preprocessing; nil for that of the adapter or the model.
    public var preprocessing: Preprocessing?
    /// The prompt template with `[CLS]`; nil for that of the model.
    public var prompt: String?
    /// A knowledge table beside the built-in one, and its name.
    public var knowledge: (name: String, table: Knowledge)?
    /// The name of the table of requests that name none: `none`, `builtin`, or that of ``knowledge``.
    public var defaultKnowledge = "none"
    /// A fitted classifier, which replaces zero-shot classification; nil for none.
    public var adapter: Adapter?
    /// The accepted error rate of the adapter's conformal prediction sets; nil for no sets.
    public var errorRate: Double?
    /// The name of the precision, shown to users.
    public var precision = "fp32"
    /// The images to search; nil for none.
    public var index: EmbeddingIndex?
    /// The directory of the images of the index; nil to show file names only.
    public var indexRoot: URL?
    /// Which names of the server requests may use.
    public var hosts = HostRule()
    /// What a request may contain.
    public var limits = ServiceLimits()

    /// Settings with defaults.
    public init(modelName: String) { self.modelName = modelName }
  }

  /// What users must know, shown on the page and in `/api/model`.
  static let notice =
    "For research only. This is not a medical device, and its output must not be used for diagnosis."

  let model: KeepFITModel
  let encoder: KeepFITTransferModel
  let settings: Settings
  let preprocessing: Preprocessing
  let fitted: ImageClassifier?
  let indexImages: IndexImages?
  let classifiers = RecentlyUsed<ZeroShot>(capacity: 16)
  let thumbnails = RecentlyUsed<Data>(capacity: 64)

  /// Creates a service.
  /// - Parameters:
  ///   - model: the model.
  ///   - settings: the settings.
  /// - Throws: ``TransferError`` for an adapter of another model or without prediction sets, and an index of
  ///   another dimension.
  public init(_ model: KeepFITModel, settings: Settings) throws(TransferError) {
    self.model = model
    self.settings = settings
    encoder = KeepFITTransferModel(model)
    var preprocessing =
      settings.preprocessing ?? settings.adapter?.preprocessing ?? model.configuration.preprocessing
    preprocessing.decoding.pixelLimit = min(
      preprocessing.decoding.pixelLimit, settings.limits.pixels)
    self.preprocessing = preprocessing
    fitted = try settings.adapter.map { adapter throws(TransferError) in
      try ImageClassifier(adapter, model: model, errorRate: settings.errorRate)
    }
    if let index = settings.index, index.width != model.configuration.projectionDimension {
      throw .invalid(
        "the index has embeddings of dimension \(index.width), the model of dimension "
          + "\(model.configuration.projectionDimension): it was built with another model")
    }
    indexImages = settings.indexRoot.map { IndexImages(root: $0) }
  }

  /// Embeds one black image and one text, so that the first request does not wait for weights to be prepared.
  public func warmUp() {
    let side = preprocessing.imageSize
    let black = Tensor(zeros: [1, side, side, 3])
    _ = model.textEmbeddings([defaultPrompt])
    if let fitted {
      _ = try? fitted.predictions(black, images: ["image"])
    } else {
      _ = model.imageEmbeddings(black)
    }
  }

  /// The number of images of the index whose files lie below ``Settings/indexRoot``, among the first ones.
  /// - Parameter limit: how many are looked for.
  public func availableIndexImages(limit: Int = 100) -> Int {
    guard let index = settings.index, let indexImages else { return 0 }
    return index.sources.prefix(limit).count { indexImages.file(of: $0) != nil }
  }

  /// Answers a request. The answer to a bad request is an error as JSON.
  public func respond(to request: ServiceRequest) -> ServiceResponse {
    let start = ContinuousClock.now
    var response: ServiceResponse
    do {
      // Which of two lengths holds is a matter of opinion, and so where the next request begins.
      _ = try request.value(of: "Content-Length")
      try settings.hosts.check(request)
      response = try route(request)
    } catch let error as ServiceError {
      response = error.response
    } catch let error as ImageError {
      response = ServiceError(error).response
    } catch let error as TransferError {
      response = .error(400, error.description)
    } catch {
      response = .error(500, "the request failed: \(error)")
    }
    let milliseconds = (start.duration(to: .now) / .milliseconds(1))
    response.headers.append(
      ("Server-Timing", String(format: "service;dur=%.1f", milliseconds)))
    return response
  }

  private func route(_ request: ServiceRequest) throws -> ServiceResponse {
    typealias Handler = (ServiceRequest) throws -> ServiceResponse
    let (methods, handler): (String, Handler)
    switch request.path {
    case "/": (methods, handler) = ("GET, HEAD", { _ in ServicePage.response })
    case "/healthz":
      (methods, handler) = (
        "GET, HEAD", { _ in .json(.object([.init("status", .string("ok"))])) }
      )
    case "/api/model": (methods, handler) = ("GET, HEAD", { _ in .json(self.description) })
    case "/api/thumbnail": (methods, handler) = ("GET, HEAD", thumbnail)
    case "/api/classify": (methods, handler) = ("POST", classify)
    case "/api/explain": (methods, handler) = ("POST", explain)
    case "/api/search": (methods, handler) = ("GET, HEAD, POST", search)
    default:
      throw ServiceError(404, "there is no \(String(request.path).quotable(limit: 80))")
    }
    guard methods.components(separatedBy: ", ").contains(request.method) else {
      throw ServiceError(
        405, "\(request.path) answers \(methods), not \(request.method.quotable(limit: 20))",
        allowed: methods)
    }
    if request.method != "POST", !request.body.isEmpty {
      throw ServiceError(400, "a \(request.method) request has no body")
    }
    return try handler(request)
  }

  /// The image of a request.
  func image(of parameters: RequestParameters) throws(ServiceError) -> Data {
    guard let image = parameters.image else {
      throw ServiceError(
        400,
        "the request has no image: send the file as the body, or as the field 'image' of a form or JSON"
      )
    }
    return image
  }

  /// The model and its settings: the answer to `/api/model`.
  private var description: JSONValue {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    let limits = settings.limits
    var members: [JSONValue.Member] = [
      .init("model", .string(settings.modelName)),
      .init("version", settings.version.map { .string($0) } ?? .null),
      .init("architecture", .string(model.configuration.vision.architecture)),
      .init("image_size", .integer(preprocessing.imageSize)),
      .init("preprocessing", preprocessing.name.map { .string($0) } ?? .null),
      .init("precision", .string(settings.precision)),
      .init("prompt", .string(defaultPrompt)),
      .init("knowledge", .string(settings.defaultKnowledge)),
      .init("knowledge_choices", list(knowledgeNames)),
    ]
    if let adapter = settings.adapter {
      members.append(
        .init(
          "adapter",
          .object([
            .init("method", .string(adapter.method.rawValue)),
            .init("labels", list(adapter.classes)),
            .init("experiment", .string(adapter.experiment)),
            .init("independent", .bool(adapter.thresholds != nil)),
          ])))
    } else {
      members.append(.init("adapter", .null))
    }
    members += [
      .init(
        "index",
        settings.index.map {
          .object([
            .init("count", .integer($0.count)), .init("thumbnails", .bool(indexImages != nil)),
          ])
        } ?? .null),
      .init(
        "limits",
        .object([
          .init("upload_bytes", .integer(limits.uploadBytes)),
          .init("pixels", .integer(preprocessing.decoding.pixelLimit)),
          .init("labels", .integer(limits.labels)),
          .init("label_length", .integer(limits.labelLength)),
          .init("matches", .integer(limits.matches)),
        ])),
      .init("notice", .string(Self.notice)),
    ]
    return .object(members)
  }
}
