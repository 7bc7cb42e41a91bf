import KeepFIT

/// The training settings of a pretraining run.
struct PretrainingTrainingOptions: OptionGroup {
  let objective = Option<ObjectiveName>(
    "objective", "NAME", default: .keepfit, help: "Pretraining objective.")
  let revisionWeight = Option<Double>(
    "revision-weight", "W", in: 0...1e6,
    help: "Weight of the revision term; by default as published.")
  let attentionAxis = Option<KnowledgeAttention.Axis>(
    "attention-axis", "AXIS", default: .keys,
    help: "Axis of the attention softmax: keys (paper) or heads (released code).")
  let imageSize = Option<Int>(
    "image-size", "S", aliases: ["size"], in: 32...4096,
    help: "Image size in pixels; by default the model's.")
  let batchSize = Option<Int>(
    "batch-size", "B", default: 24, in: 1...65536, help: "Batch size of each stream.")
  let accumulate = Option<Int>(
    "accumulate", "N", default: 1, in: 1...4096,
    help: "Gradient accumulation: batches per optimizer step.")
  let epochs = Option<Int>(
    "epochs", "E", default: 15, in: 1...1_000_000,
    help: "Number of epochs, which are passes over the labeled images.")
  let startEpoch = Option<Int>(
    "start-epoch", "E", default: 1, in: 1...1_000_000,
    help: "Number of the first epoch (15 in the released code).")
  let maxSteps = Option<Int>(
    "max-steps", "N", in: 1...Int.max, help: "Number of optimizer steps, instead of --epochs.")
  let learningRate = Option<Double>(
    "lr", "R", default: 1e-4, in: 1e-12...10, help: "Peak learning rate.")
  let resumeLearningRate = Option<Double>(
    "resume-lr", "R", in: 1e-12...10,
    help: "With --resume: continue with a new peak learning rate.")
  let weightDecay = Option<Double>(
    "weight-decay", "D", default: 1e-5, in: 0...10, help: "AdamW weight decay.")
  let warmupEpochs = Option<Int>(
    "warmup-epochs", "E", default: 1, in: 0...1_000_000, help: "Epochs of linear warm-up.")
  let scheduleEpochs = Option<Int>(
    "schedule-epochs", "E", default: 100, in: 1...1_000_000,
    help: "Length of the cosine schedule: epochs after which the learning rate is zero.")
  let gradientClip = Option<Double>(
    "gradient-clip", "N", aliases: ["clip"], default: 1, in: 0...1e9,
    help: "Gradient clipping: maximum norm; 0 disables it.")
  let seed = Option<UInt64>("seed", "N", default: 42, help: "Random seed.")
  let dropout = Option<Double>(
    "dropout", "P", in: 0...0.99,
    help: "Dropout rate; by default 0.1 in the text encoder and 0.5 in the attention.")
  let freezeBatchNorm = Flag(
    "freeze-batch-norm", help: "Use the running statistics of batch norm in training as well.")
  let syncBatchNorm = Flag(
    "sync-batch-norm", help: "With several ranks: synchronize batch norm statistics across ranks.")
  let freeze = RepeatedOption<PretrainingConfiguration.Encoder>(
    "freeze", "ENCODER", help: "Encoder to freeze.")
  let recompute = Flag(
    "recompute", help: "Recompute activations in the backward pass, to save memory.")
  let emaDecay = Option<Double>(
    "ema-decay", "D", aliases: ["average-decay"], in: 0...0.999999,
    help:
      "EMA decay; EMA weights are saved as well (the model directory 'ema' of each checkpoint) and are "
      + "the ones that --validation and --probe evaluate.")
  let lossScope = Option<PretrainingConfiguration.LossScope>(
    "loss-scope", "SCOPE", default: .global,
    help: "With several ranks: contrastive loss over the global batch, or each rank's local batch.")
  let checkpointEvery = Option<Int>(
    "checkpoint-every", "N", in: 1...Int.max,
    help: "Steps between checkpoints; by default one checkpoint per epoch.")
  let checkpointMinutes = Option<Double>(
    "checkpoint-minutes", "M", in: 0.01...1e6,
    help: "Also save a checkpoint every M minutes.")
  let keepCheckpoints = Option<Int>(
    "keep-checkpoints", "N", default: 2, in: 1...100_000,
    help: "Number of latest checkpoints to keep, besides the best.")
  let patience = Option<Int>(
    "patience", "E", in: 1...1_000_000,
    help: "Early stopping: epochs without improvement after which the run ends.")

  /// Overrides the settings of a run with the options that were given.
  func apply(to training: inout PretrainingConfiguration) throws {
    if let objective = objective.given { training.objective = objective }
    if let weight = revisionWeight.given { training.revisionWeight = Float(weight) }
    if let axis = attentionAxis.given { training.attentionAxis = axis }
    if let size = imageSize.given { training.imageSize = size }
    if let size = batchSize.given { training.batchSize = size }
    if let count = accumulate.given { training.accumulationSteps = count }
    if let epoch = startEpoch.given {
      training.startEpoch = epoch
      // The default number of epochs may be too small for a later start: train for one epoch at least.
      if epochs.given == nil { training.epochs = max(training.epochs, epoch) }
    }
    if let steps = maxSteps.given {
      guard epochs.given == nil else {
        throw CommandError.usage("--epochs has no effect with --max-steps; give one of them")
      }
      training.maxSteps = steps
    }
    if let count = epochs.given {
      training.epochs = count
      training.maxSteps = nil
    }
    if let rate = resumeLearningRate.given ?? learningRate.given { training.learningRate = rate }
    if let decay = weightDecay.given { training.weightDecay = Float(decay) }
    if let epochs = warmupEpochs.given { training.warmupEpochs = epochs }
    if let epochs = scheduleEpochs.given { training.scheduleEpochs = epochs }
    if let limit = gradientClip.given { training.gradientClip = limit == 0 ? nil : Float(limit) }
    if let seed = seed.given { training.seed = seed }
    if let dropout = dropout.given { training.dropout = Float(dropout) }
    if freezeBatchNorm.isOn { training.freezesBatchNorm = true }
    if syncBatchNorm.isOn { training.synchronizesBatchNorm = true }
    if !freeze.values.isEmpty { training.frozenEncoders = Set(freeze.values) }
    if recompute.isOn { training.recomputesActivations = true }
    if let decay = emaDecay.given { training.averageDecay = Float(decay) }
    if let scope = lossScope.given { training.lossScope = scope }
    if let steps = checkpointEvery.given { training.checkpointEverySteps = steps }
    if let minutes = checkpointMinutes.given { training.checkpointEveryMinutes = minutes }
    if let count = keepCheckpoints.given { training.keepsCheckpoints = count }
    if let count = patience.given { training.patience = count }
    try training.validate()
  }

  /// Refuses options that have no effect in a run with these settings, and notes those that have little.
  func check(_ record: PretrainingRecord, ranks: Int) throws {
    let training = record.training
    let objective = training.objective.objective()
    func refuse(_ isGiven: Bool, _ option: String, _ reason: String) throws {
      if isGiven { throw CommandError.usage("\(option) has no effect \(reason)") }
    }
    let name = "with --objective \(training.objective.rawValue)"
    try refuse(
      training.revisionWeight != nil && !objective.needsAttention, "--revision-weight",
      "\(name), which has no revision term")
    try refuse(
      training.attentionAxis != .keys && !objective.needsAttention && !objective.needsFusion,
      "--attention-axis", "\(name), which has no attention")
    try refuse(
      training.patience != nil && record.inputs.validation.isEmpty && record.inputs.probes == nil,
      "--patience", "without --validation or --probe, which measure improvement")
    let isFrozen = training.freezesBatchNorm || training.frozenEncoders.contains(.vision)
    try refuse(
      training.synchronizesBatchNorm == true && isFrozen, "--sync-batch-norm",
      "when batch norm uses its running statistics (--freeze-batch-norm, --freeze vision)")
    if freezeBatchNorm.isOn && training.frozenEncoders.contains(.vision) {
      Console.note(
        "--freeze-batch-norm has no additional effect: --freeze vision freezes batch norm as well")
    }
    if ranks == 1 && (lossScope.given == .local || syncBatchNorm.isOn) {
      let option = lossScope.given == .local ? "--loss-scope" : "--sync-batch-norm"
      Console.note("\(option) has no effect in a run with one rank")
    }
    if training.maxSteps == nil,
      training.warmupEpochs > training.epochs - training.startEpoch + 1
    {
      Console.note(
        "The run ends during its warm-up of \(training.warmupEpochs) epochs, before it reaches the learning "
          + "rate of --lr")
    }
  }
}
