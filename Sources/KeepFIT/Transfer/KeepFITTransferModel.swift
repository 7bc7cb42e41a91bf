import Foundation

/// A KeepFIT model as transfer and explanation use it.
///
/// Any number of threads may ask one for features, logits of adapters and explanations at the same time.
public final class KeepFITTransferModel: TrainableTransferModel, ExplainableModel, Sendable {
  /// The model.
  public let model: KeepFITModel
  /// The fingerprint of the image encoder, its head and the logit scale, computed at initialization so that
  /// fine-tuning does not change it.
  public let fingerprint: String

  /// Creates it; reads all weights of the image encoder once.
  public init(_ model: KeepFITModel) {
    self.model = model
    let entries = model.imageState.sorted { $0.name < $1.name }
    let digests = ThreadPool.map(entries.count) { index in
      "\(entries[index].name) \(entries[index].exported.digest)"
    }
    let scale = model.logitScale.value.digest
    let text = (digests + [scale]).joined(separator: "\n")
    fingerprint = String(SHA256.hexDigest(Array(text.utf8)).prefix(32))
  }

  private init(_ model: KeepFITModel, fingerprint: String) {
    (self.model, self.fingerprint) = (model, fingerprint)
  }

  /// The stored scale s, not clamped.
  public var logitScale: Float { model.logitScale.value.item }
  /// The caption of the model's configuration, unless it is the default one.
  public var ownPrompt: String? {
    let caption = model.configuration.caption
    return caption == KeepFITConfiguration().caption ? nil : caption
  }
  /// 2048 for ResNet-50.
  public var featureCount: Int { model.vision.configuration.featureCount }

  /// Raw image features, computed by the fused inference path.
  public func features(of images: Tensor) -> Tensor { model.imageFeatures(images) }

  /// Features after the image head; differentiable.
  public func projected(_ features: Tensor) -> Tensor { model.visionHead(features) }

  /// Embeddings of texts that are padded together, with the published pooling that includes the padding.
  public func embeddings(of texts: [String]) throws -> Tensor { model.textEmbeddings(texts) }

  /// Features with recorded gradients.
  public func trainingFeatures(
    of images: Tensor, projected: Bool, mode: ExecutionMode
  ) -> Tensor {
    let raw = model.vision(images, mode: mode)
    return projected ? model.visionHead(raw) : raw
  }

  /// The entries under `vision_model.`.
  public var imageState: [StateEntry] { model.imageState }

  /// A model with a separate image encoder, which runs in FP32, and the same text encoder.
  public func copy(imageState: [String: Tensor]) -> (any TransferModel)? {
    model.withImageEncoder(imageState).map {
      KeepFITTransferModel($0, fingerprint: fingerprint)
    }
  }

  /// Forwarded to the network.
  public var freezesBatchNorm: Bool {
    get { model.vision.freezesBatchNorm }
    set { model.vision.freezesBatchNorm = newValue }
  }

  /// The activations of the residual stages.
  public func stages(of images: Tensor) -> [Tensor] {
    Autograd.withoutGradients { model.vision.intermediates(of: images, mode: .inference).stages }
  }

  /// Applies the remaining stages and, if requested, the image head, with the weights as constants.
  public func features(
    afterStage stage: Int, _ activations: Tensor, projected: Bool
  ) -> Tensor {
    let raw = model.vision.features(afterStage: stage, activations)
    return projected ? model.visionHead(raw, mode: .inference) : raw
  }
}
