import Foundation

/// What transfer needs of an image-text model. Nothing here records gradients.
public protocol TransferModel: AnyObject {
  /// What tells the weights from others: hexadecimal digits.
  var fingerprint: String { get }
  /// The stored logit scale s.
  var logitScale: Float { get }
  /// The number of raw image features F.
  var featureCount: Int { get }
  /// The sentence with `[CLS]` that the model was made for, where it has one of its own.
  var ownPrompt: String? { get }
  /// Raw features `[B, F]` of images `[B, S, S, 3]`, without the projection head.
  func features(of images: Tensor) -> Tensor
  /// Raw features through the projection head, `[B, D]`.
  func projected(_ features: Tensor) -> Tensor
  /// Text embeddings `[M, D]` of texts that are tokenized in one call.
  func embeddings(of texts: [String]) throws -> Tensor
}

/// A model whose image encoder can be trained further.
public protocol TrainableTransferModel: TransferModel {
  /// Raw or projected features `[B, F]` or `[B, D]`, remembered for gradients when training.
  func trainingFeatures(of images: Tensor, projected: Bool, mode: ExecutionMode) -> Tensor
  /// Everything that belongs to the image encoder and its head, by its name in a checkpoint.
  var imageState: [StateEntry] { get }
  /// Keeps the running statistics of batch norm, also in training.
  var freezesBatchNorm: Bool { get set }
}

/// How files become images for a model.
public struct ImageSource: Sendable {
  /// What tells this way from others, in the keys of cached features.
  public let identity: String
  /// The preprocessing that it follows; nil for a way of the caller's own.
  public let preprocessing: Preprocessing?
  /// An image `[S, S, 3]` from a file.
  public let load: @Sendable (URL) throws -> Tensor
  /// A randomly changed image `[S, S, 3]`.
  public let augment: @Sendable (Tensor, RandomStream) -> Tensor

  /// A way to load and to change images.
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

extension TransferModel {
  /// None: the modality's sentence serves.
  public var ownPrompt: String? { nil }

  /// The texts' side of a classification: an embedding for each class.
  ///
  /// A class's descriptions, its own name included, are put into the template, tokenized in one
  /// call and encoded; the mean of the embeddings is not normalized again, as published.
  public func knowledge(
    of classes: [String], table: Knowledge, template: String
  ) throws -> ClassKnowledge {
    let means = try classes.map { name in
      let prompts = table.ensemble(for: name).map {
        ReportTemplates.prompt(template, category: $0)
      }
      return try embeddings(of: prompts).detached.mean(axis: 0)
    }
    return ClassKnowledge(textEmbeddings: Tensor.stacked(means), logitScale: logitScale)
  }
}
