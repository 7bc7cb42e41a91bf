import Foundation

/// An image-text model for transfer. Nothing here records gradients.
public protocol TransferModel: AnyObject {
  /// The fingerprint of the weights, in hexadecimal.
  var fingerprint: String { get }
  /// The stored logit scale s.
  var logitScale: Float { get }
  /// The dimension F of raw image features.
  var featureCount: Int { get }
  /// The model's own prompt template with `[CLS]`, if it has one.
  var ownPrompt: String? { get }
  /// Raw features `[B, F]` of images `[B, S, S, 3]`, without the projection head.
  func features(of images: Tensor) -> Tensor
  /// Applies the projection head to raw features, `[B, D]`.
  func projected(_ features: Tensor) -> Tensor
  /// Text embeddings `[M, D]` of texts that are tokenized together.
  func embeddings(of texts: [String]) throws -> Tensor
}

/// A model whose image encoder can be fine-tuned.
public protocol TrainableTransferModel: TransferModel {
  /// Raw or projected features `[B, F]` or `[B, D]`, with recorded gradients in training.
  func trainingFeatures(of images: Tensor, projected: Bool, mode: ExecutionMode) -> Tensor
  /// All tensors of the image encoder and its head, by their names in a checkpoint.
  var imageState: [StateEntry] { get }
  /// Whether batch norm uses its running statistics in training as well.
  var freezesBatchNorm: Bool { get set }
  /// A model with another image encoder, which changes nothing in this one: for fine-tuned adapters.
  /// - Parameter imageState: a tensor for each name of ``imageState``, as a checkpoint has it.
  /// - Returns: nil when something is missing or of another shape, or the model cannot be copied; an
  ///   adapter then lends its weights to this model for each call, during which nobody else may use it.
  func copy(imageState: [String: Tensor]) -> (any TransferModel)?
}

/// Loading and augmentation of images for a model.
public struct ImageSource: Sendable {
  /// An identifier for the keys of cached features.
  public let identity: String
  /// The preprocessing; nil for custom loading.
  public let preprocessing: Preprocessing?
  /// Loads an image `[S, S, 3]` from a file.
  public let load: @Sendable (URL) throws -> Tensor
  /// Augments an image `[S, S, 3]`.
  public let augment: @Sendable (Tensor, RandomStream) -> Tensor

  /// Creates a source from closures.
  public init(
    identity: String, preprocessing: Preprocessing? = nil,
    load: @escaping @Sendable (URL) throws -> Tensor,
    augment: @escaping @Sendable (Tensor, RandomStream) -> Tensor
  ) {
    self.identity = identity
    self.preprocessing = preprocessing
    self.load = load
    self.augment = augment
  }
}

extension TrainableTransferModel {
  /// None: models need not be able to copy themselves.
  public func copy(imageState: [String: Tensor]) -> (any TransferModel)? { nil }
}

extension TransferModel {
  /// None by default, so that the modality's prompt template is used.
  public var ownPrompt: String? { nil }

  /// Computes the text embedding of each class.
  ///
  /// The descriptions of a class, including its name, are inserted into the template, tokenized together and
  /// encoded; the mean of the embeddings is not normalized again, as published.
  public func knowledge(
    of classes: [String], table: Knowledge, template: String
  ) throws -> ClassKnowledge {
    let means = try classes.map { name in
      let prompts = table.ensemble(for: name).map {
        PromptTemplates.prompt(template, category: $0)
      }
      return try embeddings(of: prompts).detached.mean(axis: 0)
    }
    return ClassKnowledge(textEmbeddings: Tensor.stacked(means), logitScale: logitScale)
  }
}
