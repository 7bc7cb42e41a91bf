import Foundation

/// The training settings of a report model. Stored in the `config.json` of the run; a resumed run must have
/// the same settings.
public struct ReportTrainingConfiguration: Codable, Sendable, Equatable {
  /// The validation metric.
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

    /// The corresponding metric of generated reports; nil for the loss.
    public var metric: CaptionMetric? { CaptionMetric(rawValue: rawValue) }
  }

  /// The batch size on each rank.
  public var batchSize = 64
  /// The number of gradient accumulation steps.
  public var accumulationSteps = 1
  /// Passes over the mixed list of samples.
  public var epochs = 15
  /// The number of optimizer steps, instead of the number of epochs; nil to use epochs.
  public var maxSteps: Int?
  /// The learning rate of everything but the image encoder.
  public var learningRate = 1e-4
  /// The learning rate of the image encoder.
  public var visionLearningRate = 5e-5
  /// Weight decay, added to the gradient of every parameter.
  public var weightDecay: Float = 5e-5
  /// The limit of elementwise gradient clipping; nil for no clipping.
  public var gradientLimit: Float? = 0.1
  /// Whether the largest second moment so far is used (AMSGrad).
  public var usesAMSGrad = true
  /// The interval, in epochs, at which the learning rates are multiplied by ``decayFactor``.
  public var decayEpochs = 50
  /// The learning rate decay factor.
  public var decayFactor = 0.1
  /// The random seed.
  public var seed: UInt64 = 9233

  /// The dropout rate of all layers; nil for the model's own (0.1 and, after the image encoder, 0.5).
  public var dropout: Float?
  /// Whether batch norm uses its running statistics in training as well.
  public var freezesBatchNorm = false
  /// With several ranks: whether batch norm statistics are synchronized across ranks.
  public var synchronizesBatchNorm = false
  /// Whether the image encoder stays as it is; nil, as in the records of older runs, for no.
  public var freezesVision: Bool?
  /// The decay of an exponential moving average of the weights, which is saved beside them and is what is
  /// validated; nil for none.
  public var averageDecay: Float?
  /// Whether activations of the image encoder are recomputed in the backward pass instead of stored.
  public var recomputesActivations = false

  /// The metric for model selection and early stopping, measured on the validation split after each epoch;
  /// nil for no validation.
  public var monitor: Monitor?
  /// Early stopping: the number of epochs without improvement after which the run ends; nil for none.
  public var patience: Int?
  /// The number of steps between checkpoints; nil for one checkpoint per epoch.
  public var checkpointEverySteps: Int?
  /// The number of minutes between additional checkpoints; nil for none.
  public var checkpointEveryMinutes: Double?
  /// The number of latest checkpoints to keep, besides the best.
  public var keepsCheckpoints = 2

  /// The published settings, without validation.
  public init() {}

  /// The number of optimizer steps per epoch for a number of batches.
  public func stepsPerEpoch(batchesPerEpoch: Int) -> Int {
    max(1, batchesPerEpoch / accumulationSteps)
  }

  /// The number of optimizer steps of the run: ``maxSteps`` if given, else those of all epochs.
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

  /// Checks the settings.
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
    try require(decayEpochs > 0, "there must be at least one epoch between learning rate decays")
    try require(
      decayFactor > 0 && decayFactor <= 1,
      "the learning rate decay factor must be above 0 and at most 1")
    try require(
      dropout.map { (0..<1).contains($0) } ?? true,
      "the dropout rate must be at least 0 and below 1")
    try require(
      averageDecay.map { (0..<1).contains($0) } ?? true, "the EMA decay must lie in 0..<1")
    try require(keepsCheckpoints > 0, "at least one checkpoint must be kept")
    try require(
      checkpointEverySteps.map { $0 > 0 } ?? true,
      "there must be at least one step between checkpoints")
  }
}
