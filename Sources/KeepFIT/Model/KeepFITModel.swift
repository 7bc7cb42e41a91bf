import Foundation

/// A foundation model of fundus images and their descriptions (KeepFIT, arXiv 2405.11793; FLAIR,
/// arXiv 2308.07898): a residual network for images, BERT for texts, a projection of each into one
/// space, a temperature, and the knowledge attention that pretraining uses.
///
/// Names in checkpoints: `logit_scale`, `vision_model.model.*`,
/// `vision_model.projection_head_vision.*`, `text_model.model.*`,
/// `text_model.projection_head_text.*`, `atte_TD2KD.*` and `atte_KD2TD.*` (fusion, optional),
/// `attention.*` (optional).
public final class KeepFITModel: Module {
  /// Sizes and preparation of input.
  public internal(set) var configuration: KeepFITConfiguration
  /// Texts to tokens.
  public let tokenizer: WordPieceTokenizer
  /// The logarithm of the temperature's inverse, a scalar.
  public let logitScale: Parameter
  /// Images to features.
  public let vision: ResNet
  /// Image features to embeddings.
  public let visionHead: ProjectionHead
  /// Texts to hidden states.
  public let text: Bert
  /// Text features to embeddings.
  public let textHead: ProjectionHead
  /// The attention that revises texts during pretraining (two heads); FLAIR models have none.
  public internal(set) var attention: KnowledgeAttention?
  /// Fusion of expert texts into the labeled stream (`atte_TD2KD`, one head).
  public internal(set) var expertIntoLabeled: KnowledgeAttention?
  /// Fusion of labeled texts into the expert stream (`atte_KD2TD`, one head).
  public internal(set) var labeledIntoExpert: KnowledgeAttention?

  /// `num_batches_tracked` of the file that the model came from, by name.
  var batchesTracked: [String: Int] = [:]

  /// ln(1 / 0.07), where the temperature begins.
  public static let initialLogitScale: Float = 2.659_260
  /// The largest logit scale that is used, about ln 100.
  public static let maximumLogitScale: Float = 4.6052

  /// A model with first values from `initialization`.
  ///
  /// Convolutions are normal with fan-out variance, BERT normal with deviation 0.02, projections and
  /// attention uniform in ±1/√inputs.
  ///
  /// - Throws: `CheckpointError` when the configuration is one that no model can have, or the
  ///   vocabulary has another size than it says.
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
        "the vocabulary has \(vocabulary.count) tokens, the model's word embeddings "
          + "\(configuration.text.vocabularySize)")
    }
    guard let network = configuration.vision.network else {
      preconditionFailure("the configuration was checked")
    }
    self.configuration = configuration
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

  /// A randomly initialized model of a preset size.
  ///
  /// - `vocabulary`: nil for the package's own, padded to the preset's size.
  /// - `seed`: the same seed gives the same bits.
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

  /// Names the parts in the order of the published checkpoints.
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

  /// Gives the model the knowledge attention if it has none.
  public func addAttention(initialization: Initialization) {
    guard attention == nil else { return }
    attention = KnowledgeAttention(
      dimensions: configuration.projectionDimension,
      initialization: initialization.derived("attention"))
  }

  /// Gives the model the two fusion attentions if it has none.
  public func addFusion(initialization: Initialization) {
    func fusion(_ name: String) -> KnowledgeAttention {
      KnowledgeAttention(
        dimensions: configuration.projectionDimension, heads: 1,
        initialization: initialization.derived(name))
    }
    expertIntoLabeled = expertIntoLabeled ?? fusion("atte_TD2KD")
    labeledIntoExpert = labeledIntoExpert ?? fusion("atte_KD2TD")
  }

  /// The trained parts that pretraining objectives use besides the encoders.
  public var heads: ObjectiveHeads {
    ObjectiveHeads(
      logitScale: logitScale, attention: attention, expertIntoLabeled: expertIntoLabeled,
      labeledIntoExpert: labeledIntoExpert)
  }
}
