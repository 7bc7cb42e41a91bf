import Foundation

/// Everything that decides what a pretraining run computes. Stored as `config.json` of the run; a
/// resumed run must have the same.
public struct PretrainingConfiguration: Codable, Sendable, Equatable {
  /// A part of the model that training leaves as it is.
  public enum Encoder: String, Codable, Sendable, CaseIterable {
    /// The image encoder with its projection.
    case vision
    /// The text encoder with its projection.
    case text
  }

  /// Over which pairs the contrastive loss of several ranks is taken.
  public enum LossScope: String, Codable, Sendable, CaseIterable {
    /// The batches of all ranks together.
    case global
    /// Each rank's own batch.
    case local
  }

  /// Which loss is minimized.
  public var objective: ObjectiveName = .keepfit
  /// The weight of the revision term; nil for the published one (1, or 100 with the expert stream).
  public var revisionWeight: Float?
  /// The axis of the attention's softmax: over the keys, as in the paper, or over the heads, as the
  /// released code has it.
  public var attentionAxis: KnowledgeAttention.Axis = .keys

  /// Images of each stream in a step, on each rank.
  public var batchSize = 24
  /// Micro-batches whose gradients are averaged into one optimizer step.
  public var accumulationSteps = 1
  /// Passes over the labeled images.
  public var epochs = 15
  /// The epoch at which counting starts (the released code starts at 15).
  public var startEpoch = 1
  /// The number of optimizer steps, in place of the number of epochs; nil to go by epochs.
  public var maxSteps: Int?
  /// The peak learning rate.
  public var learningRate = 1e-4
  /// Weight decay of AdamW, on all parameters, as published.
  public var weightDecay: Float = 1e-5
  /// Epochs of linear warm-up; 0 for none.
  public var warmupEpochs = 1
  /// Epochs at whose end the cosine reaches zero. Published: 100, whatever the number of epochs.
  public var scheduleEpochs = 100
  /// The largest norm of all gradients together; nil for no clipping.
  public var gradientClip: Float? = 1
  /// What all random numbers follow from.
  public var seed: UInt64 = 42

  /// The side of the square images, in pixels.
  public var imageSize = 512
  /// The dropout of the text encoder and the attentions; nil for the model's own (0.1 and 0.5).
  public var dropout: Float?
  /// Whether batch norm uses its running statistics also in training.
  public var freezesBatchNorm = false
  /// With several ranks: takes the statistics of batch norms over the batches of all; nil, as in the
  /// records of older runs, for no.
  public var synchronizesBatchNorm: Bool?
  /// Encoders that do not learn.
  public var frozenEncoders: Set<Encoder> = []
  /// Whether activations of the image encoder are computed a second time instead of kept.
  public var recomputesActivations = false
  /// The decay of an exponential moving average of the weights, saved beside them; nil for none.
  public var averageDecay: Float?
  /// Over which pairs several ranks take the contrastive loss.
  public var lossScope: LossScope = .global

  /// Steps between checkpoints; nil for the ends of epochs.
  public var checkpointEverySteps: Int?
  /// Minutes between checkpoints, beside the steps; nil for none.
  public var checkpointEveryMinutes: Double?
  /// How many of the latest checkpoints are kept, besides the best.
  public var keepsCheckpoints = 2
  /// Epochs without improvement on the validation pairs after which the run ends; nil for never.
  public var patience: Int?

  /// The published settings.
  public init() {}

  /// The learning rate schedule for a number of steps in an epoch.
  public func schedule(stepsPerEpoch: Int) -> LearningRateSchedule {
    .warmupCosine(warmup: warmupEpochs * stepsPerEpoch, total: scheduleEpochs * stepsPerEpoch)
  }

  /// How many optimizer steps the whole run makes: ``maxSteps`` where given, else all epochs.
  public func totalSteps(stepsPerEpoch: Int) -> Int {
    maxSteps ?? max(0, epochs - startEpoch + 1) * stepsPerEpoch
  }

  /// How many optimizer steps an epoch of so many batches makes.
  public func stepsPerEpoch(batchesPerEpoch: Int) -> Int {
    max(1, batchesPerEpoch / accumulationSteps)
  }

  /// What is to be said of a run that is longer than its schedule: its last steps, at a learning rate of
  /// zero, change no weight; nil for others.
  public func scheduleNote(batchesPerEpoch: Int) -> String? {
    let steps = stepsPerEpoch(batchesPerEpoch: batchesPerEpoch)
    let (total, end) = (totalSteps(stepsPerEpoch: steps), scheduleEpochs * steps)
    guard total > end else { return nil }
    return "the learning rate is zero from step \(end) on, after the \(scheduleEpochs) epochs of "
      + "--schedule-epochs: the steps from there to \(total) change no weight"
  }

  /// Refuses values that no run can have.
  /// - Throws: ``PretrainingError/configuration(_:)`` naming the value.
  public func validate() throws {
    func require(_ holds: Bool, _ message: String) throws {
      if !holds { throw PretrainingError.configuration(message) }
    }
    try require(batchSize > 0, "the batch size must be at least 1, not \(batchSize)")
    try require(accumulationSteps > 0, "the accumulation steps must be at least 1")
    try require(epochs >= startEpoch, "\(epochs) epochs end before epoch \(startEpoch) starts")
    try require(startEpoch >= 1, "epochs are counted from 1")
    try require(maxSteps.map { $0 > 0 } ?? true, "the number of steps must be at least 1")
    try require(learningRate > 0 && learningRate.isFinite, "the learning rate must be positive")
    try require(weightDecay >= 0 && weightDecay.isFinite, "the weight decay must not be negative")
    try require(warmupEpochs >= 0, "the warm-up must not be negative")
    try require(
      scheduleEpochs > warmupEpochs,
      "a schedule of \(scheduleEpochs) epochs ends within a warm-up of \(warmupEpochs)")
    try require(gradientClip.map { $0 > 0 } ?? true, "the gradient norm limit must be positive")
    try require(imageSize >= 32, "images need at least 32 pixels a side, not \(imageSize)")
    try require(
      dropout.map { (0..<1).contains($0) } ?? true, "the dropout must lie in 0..<1")
    try require(
      averageDecay.map { (0..<1).contains($0) } ?? true, "the average's decay must lie in 0..<1")
    try require(frozenEncoders.count < 2, "with both encoders frozen nothing is left to learn")
    try require(keepsCheckpoints > 0, "at least one checkpoint must be kept")
    try require(
      checkpointEverySteps.map { $0 > 0 } ?? true, "checkpoints need at least one step between")
  }
}

/// Why a pretraining run cannot start or go on.
public enum PretrainingError: Error, CustomStringConvertible, LocalizedError {
  /// A setting is impossible.
  case configuration(String)
  /// The loss or a gradient is not finite.
  case notFinite(step: Int, what: String, checkpoint: String?)
  /// A run directory is not what it should be.
  case runDirectory(String)
  /// Another process writes to the run.
  case locked(String)
  /// Another rank of the job has failed; its own error says why.
  case otherRank

  /// One line for people.
  public var description: String {
    switch self {
    case .configuration(let message), .runDirectory(let message), .locked(let message): message
    case .notFinite(let step, let what, let checkpoint):
      "\(what) is not finite at step \(step); lower the learning rate or look at the data. "
        + (checkpoint.map { "The last good state is \($0)" } ?? "No checkpoint has been written yet")
    case .otherRank: "another rank has failed"
    }
  }

  public var errorDescription: String? { description }
}
