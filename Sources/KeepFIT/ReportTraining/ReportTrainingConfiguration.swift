import Foundation

/// Everything that decides what the training of a report model computes. Stored in `config.json` of the
/// run; a resumed run must have the same.
public struct ReportTrainingConfiguration: Codable, Sendable, Equatable {
  /// What is measured on the validation split.
  public enum Monitor: String, Codable, Sendable, CaseIterable {
    /// The loss; less is better.
    case loss
    case bleu1 = "BLEU_1"
    case bleu2 = "BLEU_2"
    case bleu3 = "BLEU_3"
    case bleu4 = "BLEU_4"
    case meteor = "METEOR"
    case rougeL = "ROUGE_L"
    /// CIDEr-D, as published.
    case cider = "CIDER"

    /// The score of generated reports that it is; nil for the loss.
    public var metric: CaptionMetric? { CaptionMetric(rawValue: rawValue) }
  }

  /// Images in a batch, on each rank.
  public var batchSize = 64
  /// Batches whose tokens make one optimizer step.
  public var accumulationSteps = 1
  /// Passes over the mixed list of samples.
  public var epochs = 15
  /// The number of optimizer steps, in place of the number of epochs; nil to go by epochs.
  public var maxSteps: Int?
  /// The learning rate of everything but the image encoder.
  public var learningRate = 1e-4
  /// The learning rate of the image encoder.
  public var visionLearningRate = 5e-5
  /// Weight decay, added to the gradient of every parameter.
  public var weightDecay: Float = 5e-5
  /// Gradients are held within plus or minus this value, element by element; nil for no limit.
  public var gradientLimit: Float? = 0.1
  /// Whether the largest second moment so far is used (AMSGrad).
  public var usesAMSGrad = true
  /// Epochs after which the learning rates are multiplied with ``decayFactor``, again and again.
  public var decayEpochs = 50
  /// What the learning rates are multiplied with.
  public var decayFactor = 0.1
  /// The random seed.
  public var seed: UInt64 = 9233

  /// All dropouts; nil for the model's own (0.1 and, behind the image encoder, 0.5).
  public var dropout: Float?
  /// Whether batch norm uses its running statistics also in training.
  public var freezesBatchNorm = false
  /// With several ranks: whether batch norms take their statistics over the batches of all.
  public var synchronizesBatchNorm = false
  /// Whether the image encoder stays as it is; nil, as in the records of older runs, for no.
  public var freezesVision: Bool?
  /// The decay of an exponential moving average of the weights, which is saved beside them and is what is
  /// validated; nil for none.
  public var averageDecay: Float?
  /// Whether activations of the image encoder are computed a second time instead of kept.
  public var recomputesActivations = false

  /// What is measured on the validation split after each epoch and decides which checkpoint is the best;
  /// nil for nothing.
  public var monitor: Monitor?
  /// Epochs without improvement after which the run ends; nil for never.
  public var patience: Int?
  /// Steps between checkpoints; nil for the ends of epochs.
  public var checkpointEverySteps: Int?
  /// Minutes between checkpoints, beside the steps; nil for none.
  public var checkpointEveryMinutes: Double?
  /// How many of the latest checkpoints are kept, besides the best.
  public var keepsCheckpoints = 2

  /// The published settings, without validation.
  public init() {}

  /// How many optimizer steps an epoch of so many batches makes.
  public func stepsPerEpoch(batchesPerEpoch: Int) -> Int {
    max(1, batchesPerEpoch / accumulationSteps)
  }

  /// How many optimizer steps the whole run makes: ``maxSteps`` where given, else all epochs.
  public func totalSteps(stepsPerEpoch: Int) -> Int { maxSteps ?? epochs * stepsPerEpoch }

  /// The factor of both learning rates.
  public func schedule(stepsPerEpoch: Int) -> LearningRateSchedule {
    .steps(interval: decayEpochs * stepsPerEpoch, factor: decayFactor)
  }

  /// The constants of Adam.
  var optimizer: AdamW.Configuration {
    var result = AdamW.Configuration.adam
    result.weightDecay = weightDecay
    result.usesMaximum = usesAMSGrad
    result.gradientLimit = gradientLimit
    return result
  }

  /// Refuses values that no run can have.
  /// - Throws: ``PretrainingError/configuration(_:)`` naming the value.
  public func validate() throws {
    func require(_ holds: Bool, _ message: String) throws {
      if !holds { throw PretrainingError.configuration(message) }
    }
    try require(batchSize > 0, "the batch size must be at least 1, not \(batchSize)")
    try require(accumulationSteps > 0, "the accumulation steps must be at least 1")
    try require(epochs > 0, "a run needs at least one epoch")
    try require(maxSteps.map { $0 > 0 } ?? true, "the number of steps must be at least 1")
    for rate in [learningRate, visionLearningRate] {
      try require(rate > 0 && rate.isFinite, "the learning rates must be positive")
    }
    try require(weightDecay >= 0 && weightDecay.isFinite, "the weight decay must not be negative")
    try require(gradientLimit.map { $0 > 0 } ?? true, "the gradient limit must be positive")
    try require(decayEpochs > 0, "the learning rate decays after at least one epoch")
    try require(
      decayFactor > 0 && decayFactor <= 1, "the learning rate's decay factor must lie in 0...1")
    try require(dropout.map { (0..<1).contains($0) } ?? true, "the dropout must lie in 0..<1")
    try require(
      averageDecay.map { (0..<1).contains($0) } ?? true, "the EMA decay must lie in 0..<1")
    try require(keepsCheckpoints > 0, "at least one checkpoint must be kept")
    try require(
      checkpointEverySteps.map { $0 > 0 } ?? true, "checkpoints need at least one step between")
  }
}
