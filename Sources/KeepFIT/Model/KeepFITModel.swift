import Foundation

/// A vision-language foundation model of fundus images (KeepFIT, arXiv 2405.11793; FLAIR, arXiv
/// 2308.07898): a ResNet image encoder, a BERT text encoder, a projection of each into a joint embedding
/// space, a temperature, and the knowledge attention used in pretraining.
///
/// Names in checkpoints: `logit_scale`, `vision_model.model.*`,
/// `vision_model.projection_head_vision.*`, `text_model.model.*`,
/// `text_model.projection_head_text.*`, `atte_TD2KD.*` and `atte_KD2TD.*` (fusion, optional),
/// `attention.*` (optional).
///
/// Any number of threads and tasks may embed, classify and search with one model at the same time; results
/// are bit-identical to those of sequential calls. Training, loading weights and changing settings must
/// happen on one thread at a time: other threads that use the model concurrently see each tensor before or
/// after a change.
public final class KeepFITModel: Module, Sendable {
  /// Sizes and preparation of input.
  public internal(set) var configuration: KeepFITConfiguration {
    get { parts.withLock { $0.configuration } }
    set { parts.withLock { $0.configuration = newValue } }
  }
  /// Texts to tokens.
  public let tokenizer: WordPieceTokenizer
  /// The logarithm of the inverse temperature, a scalar.
  public let logitScale: Parameter
  /// The image encoder: images to features.
  public let vision: ResNet
  /// The image projection head: features to embeddings.
  public let visionHead: ProjectionHead
  /// The text encoder: tokens to hidden states.
  public let text: Bert
  /// The text projection head: features to embeddings.
  public let textHead: ProjectionHead
  /// The attention that revises texts during pretraining (two heads); FLAIR models have none.
  public internal(set) var attention: KnowledgeAttention? {
    get { parts.withLock { $0.attention } }
    set { parts.withLock { $0.attention = newValue } }
  }
  /// Fusion of expert texts into the labeled stream (`atte_TD2KD`, one head).
  public internal(set) var expertIntoLabeled: KnowledgeAttention? {
    get { parts.withLock { $0.expertIntoLabeled } }
    set { parts.withLock { $0.expertIntoLabeled = newValue } }
  }
  /// Fusion of labeled texts into the expert stream (`atte_KD2TD`, one head).
  public internal(set) var labeledIntoExpert: KnowledgeAttention? {
    get { parts.withLock { $0.labeledIntoExpert } }
    set { parts.withLock { $0.labeledIntoExpert = newValue } }
  }
  /// `num_batches_tracked` of the file that the model came from, by name.
  var batchesTracked: [String: Int] {
    get { parts.withLock { $0.batchesTracked } }
    set { parts.withLock { $0.batchesTracked = newValue } }
  }

  /// The state that pretraining and loading may change.
  private struct Parts {
    var configuration: KeepFITConfiguration
    var attention: KnowledgeAttention?
    var expertIntoLabeled: KnowledgeAttention?
    var labeledIntoExpert: KnowledgeAttention?
    var batchesTracked: [String: Int] = [:]
  }
  private let parts: Guarded<Parts>

  /// The initial logit scale, ln(1 / 0.07).
  public static let initialLogitScale: Float = 2.659_260

  /// Creates a model with weights from `initialization`.
  ///
  /// Convolutions are normal with fan-out variance, BERT is normal with standard deviation 0.02, projections
  /// and attention are uniform in ±1/√inputs.
  ///
  /// - Throws: `CheckpointError` when the configuration is invalid, or does not match the size of the
  ///   vocabulary.
  public init(
    _ configuration: KeepFITConfiguration, vocabulary: Vocabulary,
    initialization: Initialization, hasAttention: Bool = true, hasFusion: Bool = false,
    source: String = "the model"
  ) throws {
    if let problem = configuration.problem {
      throw CheckpointError(.malformed, file: source, problem)
    }
    do {
      try configuration.text.validate()
    } catch {
      throw CheckpointError(.malformed, file: source, error.description)
    }
    guard vocabulary.count == configuration.text.vocabularySize else {
      throw CheckpointError(
        .mismatch, file: source,
        "the vocabulary has \(vocabulary.count) tokens, but the word embeddings of the model have "
          + "\(configuration.text.vocabularySize)")
    }
    guard let network = configuration.vision.network else {
      preconditionFailure("the configuration was checked")
    }
    parts = Guarded(Parts(configuration: configuration))
    tokenizer = try WordPieceTokenizer(
      vocabulary: vocabulary, lowercases: configuration.lowercase, source: source)
    let dimension = configuration.projectionDimension
    logitScale = Parameter(Tensor(Self.initialLogitScale))
    vision = ResNet(network, initialization: initialization.derived("vision"))
    visionHead = ProjectionHead(
      inputs: network.featureCount, outputs: dimension,
      normalizes: configuration.normalizesFeatures,
      initialization: initialization.derived("vision head"))
    text = Bert(configuration.text, initialization: initialization.derived("text"))
    textHead = ProjectionHead(
      inputs: configuration.text.hiddenSize, outputs: dimension,
      normalizes: configuration.normalizesFeatures,
      initialization: initialization.derived("text head"))
    if hasAttention { addAttention(initialization: initialization) }
    if hasFusion { addFusion(initialization: initialization) }
  }

  /// A model with another image encoder and projection, without weights yet, that shares all else.
  private init(sharingTextsOf other: KeepFITModel) {
    parts = Guarded(other.parts.withLock { $0 })
    (tokenizer, logitScale) = (other.tokenizer, other.logitScale)
    (text, textHead) = (other.text, other.textHead)
    vision = ResNet(other.vision.configuration, initialization: .placeholder)
    visionHead = ProjectionHead(
      inputs: vision.configuration.featureCount, outputs: other.visionHead.weight.value.shape[0],
      normalizes: other.visionHead.normalizes, initialization: .placeholder)
  }

  /// A model with another image encoder that shares the text encoder and all else with this one.
  ///
  /// - Parameter state: every tensor under `vision_model.`, by its name and of its shape in a checkpoint.
  /// - Returns: nil when one is missing or does not fit.
  func withImageEncoder(_ state: [String: Tensor]) -> KeepFITModel? {
    let result = KeepFITModel(sharingTextsOf: self)
    for entry in result.imageState {
      guard let tensor = state[entry.name], tensor.shape == entry.fileShape else { return nil }
      entry.load(tensor)
    }
    return result
  }

  /// The state of the image encoder and its projection.
  var imageState: [StateEntry] { stateEntries().filter { $0.name.hasPrefix("vision_model.") } }

  /// A randomly initialized model of a preset size.
  ///
  /// - `vocabulary`: the vocabulary; nil for the built-in one, padded to the preset's size.
  /// - `seed`: the random seed.
  public convenience init(
    preset: KeepFITConfiguration.Preset, vocabulary: Vocabulary? = nil, seed: UInt64 = 0
  ) throws {
    var configuration = KeepFITConfiguration(preset)
    let vocabulary =
      vocabulary ?? Vocabulary.fundus.padded(to: configuration.text.vocabularySize)
    configuration.text.vocabularySize = vocabulary.count
    try self.init(
      configuration, vocabulary: vocabulary,
      initialization: .random(RandomStream(seed: seed).derived("initialization")))
  }

  /// Registers the parts in the order of the published checkpoints.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("logit_scale", logitScale)
    state.child("vision_model.model", vision)
    state.child("vision_model.projection_head_vision", visionHead)
    state.child("text_model.model", text)
    state.child("text_model.projection_head_text", textHead)
    if let expertIntoLabeled { state.child("atte_TD2KD", expertIntoLabeled) }
    if let labeledIntoExpert { state.child("atte_KD2TD", labeledIntoExpert) }
    if let attention { state.child("attention", attention) }
  }

  /// Adds the knowledge attention if the model has none.
  public func addAttention(initialization: Initialization) {
    guard attention == nil else { return }
    attention = KnowledgeAttention(
      dimensions: configuration.projectionDimension,
      initialization: initialization.derived("attention"))
  }

  /// Adds the two fusion attentions if the model has none.
  public func addFusion(initialization: Initialization) {
    func fusion(_ name: String) -> KnowledgeAttention {
      KnowledgeAttention(
        dimensions: configuration.projectionDimension, heads: 1,
        initialization: initialization.derived(name))
    }
    expertIntoLabeled = expertIntoLabeled ?? fusion("atte_TD2KD")
    labeledIntoExpert = labeledIntoExpert ?? fusion("atte_KD2TD")
  }

  /// The trained parts, besides the encoders, that pretraining objectives use.
  public var heads: ObjectiveHeads {
    ObjectiveHeads(
      logitScale: logitScale, attention: attention, expertIntoLabeled: expertIntoLabeled,
      labeledIntoExpert: labeledIntoExpert)
  }
}
