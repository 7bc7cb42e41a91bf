import Foundation

extension InferenceService {
  /// A zero-shot classifier, and what its users should know.
  struct ZeroShot: Sendable {
    let classifier: ImageClassifier
    let warnings: [String]
  }

  var defaultPrompt: String { settings.prompt ?? model.configuration.caption }

  /// The names of the knowledge tables.
  var knowledgeNames: [String] {
    ["none", "builtin"] + (settings.knowledge.map { [$0.name] } ?? [])
  }

  private func knowledge(named name: String) -> Knowledge? {
    switch name {
    case "none": nil
    case "builtin": .builtin
    default: settings.knowledge?.table
    }
  }

  /// `POST /api/classify`
  func classify(_ request: ServiceRequest) throws -> ServiceResponse {
    let parameters = try RequestParameters(request)
    let text = ["labels", "prompt", "knowledge", "independent"]
    if fitted != nil, let idle = text.first(where: { !parameters.all($0).isEmpty }) {
      throw ServiceError(
        400,
        "'\(idle)' has no effect: this server classifies with a fitted adapter, which contains its labels"
      )
    }
    try parameters.allow(fitted == nil ? text + ["name"] : ["name"])
    let name = try imageName(of: parameters)
    let image = try image(of: parameters)
    var warnings: [String] = []
    let classifier: ImageClassifier
    if let fitted {
      classifier = fitted
    } else {
      let found = try zeroShot(parameters)
      classifier = found.classifier
      warnings = found.warnings
    }
    let pixels = try preprocessing.prepare(decoding: image, name: "image")
    let quality = try ImageQuality(
      decoding: image, name: "image", options: preprocessing.decoding)
    let prediction = try classifier.predictions(
      pixels.reshaped([1] + pixels.shape), images: [name], quality: [quality])[0]
    guard prediction.probabilities.allSatisfy(\.isFinite) else {
      throw ServiceError(500, "the model's output is not finite")
    }
    let members = prediction.json.members ?? []
    return .json(
      .object(
        members + [
          .init("independent", .bool(classifier.isIndependent)),
          .init("warnings", .array(warnings.map { .string($0) })),
        ]))
  }

  /// The name of the uploaded file, which may tell the eye; "image" for none.
  private func imageName(of parameters: RequestParameters) throws(ServiceError) -> String {
    let given = try parameters.one("name", limit: 255) ?? parameters.imageName ?? ""
    let last = given.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
    return last.isEmpty ? "image" : String(last.unicodeScalars.prefix(255).map(Character.init))
  }

  private func zeroShot(_ parameters: RequestParameters) throws -> ZeroShot {
    let limits = settings.limits
    guard
      let labels = try parameters.list(
        "labels", count: limits.labels, length: limits.labelLength)
    else {
      throw ServiceError(
        400, "'labels' is missing: the labels, separated by semicolons or as a JSON list")
    }
    let isIndependent = try parameters.choice("independent", of: ["true", "false"]) == "true"
    guard labels.count >= (isIndependent ? 1 : 2) else {
      throw ServiceError(400, "'labels' must contain at least two labels")
    }
    if let label = ImageClassifier.repeated(in: labels)?.label {
      throw ServiceError(400, "'labels' contains '\(label.quotable(limit: 80))' twice")
    }
    let prompt = try prompt(parameters)
    let table = try parameters.choice("knowledge", of: knowledgeNames) ?? settings.defaultKnowledge
    let key = ([prompt, table, "\(isIndependent)"] + labels).joined(separator: "\u{1F}")
    return try classifiers.value(for: key) {
      try zeroShot(
        labels, prompt: prompt, knowledge: knowledge(named: table), isIndependent: isIndependent)
    }
  }

  private func zeroShot(
    _ labels: [String], prompt: String, knowledge: Knowledge?, isIndependent: Bool
  ) throws -> ZeroShot {
    let classes = isIndependent ? try labels.flatMap(ImageClassifier.pair) : labels
    let prompts = KeepFITModel.prompts(of: classes, template: prompt, knowledge: knowledge)
    let classifier = try ImageClassifier(
      labels: labels, model: model, prompt: prompt, knowledge: knowledge, independent: isIndependent
    )
    let warnings = [
      model.truncationWarning(of: prompts),
      classifier.textEmbeddings.flatMap {
        KeepFITModel.collapseWarning(of: $0.l2Normalized())
      },
    ]
    return ZeroShot(classifier: classifier, warnings: warnings.compactMap(\.self))
  }

  /// The prompt template of a request, or the default.
  func prompt(_ parameters: RequestParameters) throws(ServiceError) -> String {
    guard let text = try parameters.one("prompt", limit: settings.limits.textLength) else {
      return defaultPrompt
    }
    guard text.contains("[CLS]") else {
      throw ServiceError(400, "'prompt' must contain [CLS], where the label goes")
    }
    return text
  }
}
