import Foundation

/// The training settings of a pretraining run. Stored in the `config.json` of the run; a resumed run must
/// have the same settings.
public struct PretrainingConfiguration: Codable, Sendable, Equatable {
  /// A part of the model that can be frozen.
  public enum Encoder: String, Codable, Sendable, CaseIterable {
    /// The image encoder with its projection head.
    case vision
    /// The text encoder with its projection head.
    case text
  }

  /// The pairs of the contrastive loss with several ranks.
  public enum LossScope: String, Codable, Sendable, CaseIterable {
    /// The global batch of all ranks.
    case global
    /// The local batch of each rank.
    case local
  }

  /// The pretraining objective.
  public var objective: ObjectiveName = .keepfit
  /// The weight of the revision term; nil for the published value (1, or 100 with the expert stream).
  public var revisionWeight: Float?
  /// The axis of the attention softmax: the keys, as in the paper, or the heads, as in the released code.
  public var attentionAxis: KnowledgeAttention.Axis = .keys

  /// The batch size of each stream on each rank.
  public var batchSize = 24
  /// The number of gradient accumulation steps.
  public var accumulationSteps = 1
  /// The number of the last epoch; an epoch is a pass over the labeled images.
  public var epochs = 15
  /// The number of the first epoch (15 in the released code).
  public var startEpoch = 1
  /// The number of optimizer steps, instead of the number of epochs; nil to use epochs.
  public var maxSteps: Int?
  /// The peak learning rate.
  public var learningRate = 1e-4
  /// The weight decay of AdamW, applied to all parameters, as published.
  public var weightDecay: Float = 1e-5
  /// The number of epochs of linear warm-up; 0 for none.
  public var warmupEpochs = 1
  /// The length of the cosine schedule in epochs. Published: 100, independent of the number of epochs.
  public var scheduleEpochs = 100
  /// The maximum global gradient norm; nil for no clipping.
  public var gradientClip: Float? = 1
  /// The random seed.
  public var seed: UInt64 = 42

  /// The image size in pixels.
  public var imageSize = 512
  /// The dropout rate of the text encoder and the attentions; nil for the model's own (0.1 and 0.5).
  public var dropout: Float?
  /// Whether batch norm uses its running statistics in training as well.
  public var freezesBatchNorm = false
  /// With several ranks: whether batch norm statistics are synchronized across ranks; nil, as in the records
  /// of older runs, for no.
  public var synchronizesBatchNorm: Bool?
  /// Frozen encoders.
  public var frozenEncoders: Set<Encoder> = []
  /// Whether activations of the image encoder are recomputed in the backward pass instead of stored.
  public var recomputesActivations = false
  /// The decay of an exponential moving average (EMA) of the weights, which is saved as well; nil for none.
  public var averageDecay: Float?
  /// The pairs of the contrastive loss with several ranks.
  public var lossScope: LossScope = .global

  /// The number of steps between checkpoints; nil for one checkpoint per epoch.
  public var checkpointEverySteps: Int?
  /// The number of minutes between additional checkpoints; nil for none.
  public var checkpointEveryMinutes: Double?
  /// The number of latest checkpoints to keep, besides the best.
  public var keepsCheckpoints = 2
  /// Early stopping: the number of epochs without improvement after which the run ends; nil for none.
  public var patience: Int?

  /// The published settings.
  public init() {}

  /// The built-in loss that ``objective`` names.
  public var namedObjective: any PretrainingObjective {
    objective.objective(revisionWeight: revisionWeight)
  }

  /// The learning rate schedule for a number of steps per epoch.
  public func schedule(stepsPerEpoch: Int) -> LearningRateSchedule {
    .warmupCosine(warmup: warmupEpochs * stepsPerEpoch, total: scheduleEpochs * stepsPerEpoch)
  }

  /// The number of optimizer steps of the run: ``maxSteps`` if given, else those of all epochs.
  public func totalSteps(stepsPerEpoch: Int) -> Int {
    maxSteps ?? max(0, epochs - startEpoch + 1) * stepsPerEpoch
  }

  /// The number of optimizer steps per epoch for a number of batches.
  public func stepsPerEpoch(batchesPerEpoch: Int) -> Int {
    max(1, batchesPerEpoch / accumulationSteps)
  }

  /// A warning if a run is longer than its schedule, so that its last steps, at a learning rate of zero, do
  /// not change the weights; nil otherwise.
  public func scheduleNote(batchesPerEpoch: Int) -> String? {
    let steps = stepsPerEpoch(batchesPerEpoch: batchesPerEpoch)
    let (total, end) = (totalSteps(stepsPerEpoch: steps), scheduleEpochs * steps)
    guard total > end else { return nil }
    return "the learning rate is zero from step \(end) on, after the \(scheduleEpochs) epochs of "
      + "--schedule-epochs: the steps from there to \(total) do not change the weights"
  }

  /// Checks the settings.
  /// - Throws: ``PretrainingError/configuration(_:)`` naming the invalid value.
  public func validate() throws {
    func require(_ holds: Bool, _ message: String) throws {
      if !holds { throw PretrainingError.configuration(message) }
    }
    try require(batchSize > 0, "the batch size must be at least 1, not \(batchSize)")
    try require(
      accumulationSteps > 0, "the number of gradient accumulation steps must be at least 1")
    try require(epochs >= startEpoch, "a run of \(epochs) epochs ends before epoch \(startEpoch)")
    try require(startEpoch >= 1, "epochs are counted from 1")
    try require(maxSteps.map { $0 > 0 } ?? true, "the number of steps must be at least 1")
    try require(learningRate > 0 && learningRate.isFinite, "the learning rate must be positive")
    try require(weightDecay >= 0 && weightDecay.isFinite, "the weight decay must not be negative")
    try require(warmupEpochs >= 0, "the number of warm-up epochs must not be negative")
    try require(
      scheduleEpochs > warmupEpochs,
      "a schedule of \(scheduleEpochs) epochs ends within a warm-up of \(warmupEpochs)")
    try require(gradientClip.map { $0 > 0 } ?? true, "the gradient norm limit must be positive")
    try require(imageSize >= 32, "the image size must be at least 32 pixels, not \(imageSize)")
    try require(
      dropout.map { (0..<1).contains($0) } ?? true,
      "the dropout rate must be at least 0 and below 1")
    try require(
      averageDecay.map { (0..<1).contains($0) } ?? true,
      "the EMA decay must be at least 0 and below 1")
    try require(frozenEncoders.count < 2, "with both encoders frozen there is nothing to train")
    try require(keepsCheckpoints > 0, "at least one checkpoint must be kept")
    try require(
      checkpointEverySteps.map { $0 > 0 } ?? true,
      "there must be at least one step between checkpoints")
  }
}

/// An error of a pretraining run.
public enum PretrainingError: Error, CustomStringConvertible, LocalizedError {
  /// A setting is invalid.
  case configuration(String)
  /// The loss or a gradient is not finite.
  case notFinite(step: Int, what: String, checkpoint: String?)
  /// The run directory is invalid.
  case runDirectory(String)
  /// Another rank has failed and reports the reason.
  case otherRank

  /// A one-line description.
  public var description: String {
    switch self {
    case .configuration(let message), .runDirectory(let message): message
    case .notFinite(let step, let what, let checkpoint):
      "\(what) is not finite at step \(step); lower the learning rate or check the data. "
        + (checkpoint.map { "The last good checkpoint is \($0)" }
          ?? "No checkpoint has been written yet")
    case .otherRank: "another rank has failed"
    }
  }

  public var errorDescription: String? { description }
}
