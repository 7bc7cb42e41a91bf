import Foundation
import KeepFIT

extension ReportTrainingConfiguration.Monitor: ChoiceArgument {}

/// The data options of a report training run.
struct ReportDataOptions: OptionGroup {
  let studies = Option<FilePath>(
    "ffa-ir", "ANNOTATION.json",
    help: "FFA-IR annotation file, or a COCO or JSON Lines file of reports.")
  let studiesRoot = Option<FilePath>(
    "ffa-ir-root", "DIR", help: "Root directory of the image paths of --ffa-ir.")
  let expert = RepeatedOption<FilePath>(
    "expert", "CSV",
    help: "Manifest of captioned angiograms to mix in, such as MM-Retinal's (repeatable).")
  let expertRoots = RepeatedOption<FilePath>(
    "expert-root", "DIR",
    help: "Root directory of the image paths of --expert: one for all manifests, or one for each.")
  let noShuffle = Flag(
    "no-shuffle", help: "Read the samples in the published order in every epoch.")
  let noAugment = Flag(
    "no-augment", help: "Train on full images, resized as in validation.")
  let noFlip = Flag(
    "no-flip", help: "Do not flip images, since reports mention left and right.")
  let decoding = DecodingChoices()
  let loaderThreads = Option<Int>(
    "loader-threads", "N", default: 2, in: 1...256, help: "Number of image loading threads.")
  let badImages = BadImageOptions(skipping: "leave them out and list them in skipped.json")

  /// Overrides the settings of a run with the options that were given.
  func apply(to inputs: inout ReportTrainingInputs) throws {
    if let file = studies.given { inputs.studies = file.url.path }
    if let folder = studiesRoot.given { inputs.studiesRoot = folder.url.path }
    inputs.expert = try ManifestSources.sources(expert, expertRoots, inputs.expert)
    if noShuffle.isOn { inputs.isShuffled = false }
    if noAugment.isOn { inputs.isAugmented = false }
    if noFlip.isOn { inputs.isMirrored = false }
    if let applies = decoding.appliesOrientation { inputs.appliesOrientation = applies }
    if let conversion = decoding.deepGray { inputs.deepGray = conversion }
    if let count = loaderThreads.given { inputs.loaderThreads = count }
    if let policy = badImages.policy.given { inputs.skipsBadImages = policy == .skip }
    if noFlip.isOn && !inputs.isAugmented {
      throw CommandError.usage("--no-flip has no effect with --no-augment, which never flips")
    }
  }
}

/// What `--freeze` keeps as it is.
enum FrozenPart: String, ChoiceArgument {
  case vision
}

/// The training options of a report training run.
struct ReportTrainingOptions: OptionGroup {
  private static let published = ReportTrainingConfiguration()

  let batchSize = Option<Int>(
    "batch-size", "B", default: Self.published.batchSize, in: 1...65536, help: "Images per batch.")
  let accumulate = Option<Int>(
    "accumulate", "N", default: 1, in: 1...4096,
    help: "Gradient accumulation: batches per optimizer step.")
  let epochs = Option<Int>(
    "epochs", "E", default: Self.published.epochs, in: 1...1_000_000, help: "Number of epochs.")
  let maxSteps = Option<Int>(
    "max-steps", "N", in: 1...Int.max, help: "Number of optimizer steps, instead of --epochs.")
  let learningRate = Option<Double>(
    "lr", "R", default: Self.published.learningRate, in: 1e-12...10,
    help: "Learning rate of the transformer.")
  let visionLearningRate = Option<Double>(
    "lr-visual", "R", default: Self.published.visionLearningRate, in: 1e-12...10,
    help: "Learning rate of the image encoder.")
  let resumeLearningRate = Option<Double>(
    "resume-lr", "R", in: 1e-12...10,
    help: "With --resume: continue with a new learning rate of the transformer.")
  let resumeVisionLearningRate = Option<Double>(
    "resume-lr-visual", "R", in: 1e-12...10,
    help: "With --resume: continue with a new learning rate of the image encoder.")
  let weightDecay = Option<Double>(
    "weight-decay", "D", default: 5e-5, in: 0...10, help: "L2 weight decay, coupled as in Adam.")
  let clip = Option<Double>(
    "clip-value", "C", default: 0.1, in: 0...1e9,
    help: "Elementwise gradient clipping to ±C; 0 disables it.")
  let noAMSGrad = Flag("no-amsgrad", help: "Use plain Adam instead of AMSGrad.")
  let decayEpochs = Option<Int>(
    "lr-step", "E", default: Self.published.decayEpochs, in: 1...1_000_000,
    help: "Epochs between learning rate decays.")
  let decayFactor = Option<Double>(
    "lr-gamma", "G", default: Self.published.decayFactor, in: 1e-12...1,
    help: "Learning rate decay factor.")
  let seed = Option<UInt64>("seed", "N", default: Self.published.seed, help: "Random seed.")
  let dropout = Option<Double>(
    "dropout", "P", in: 0...0.99,
    help: "Dropout rate of all layers; by default 0.1, and 0.5 after the image encoder.")
  let freeze = Option<FrozenPart>(
    "freeze", "PART", help: "Keep the image encoder as it is (vision), batch norm included.")
  let emaDecay = Option<Double>(
    "ema-decay", "D", in: 0...0.999999,
    help:
      "EMA decay; EMA weights are saved as well (the model directory 'ema' of each checkpoint) and are the ones "
      + "that --monitor measures.")
  let freezeBatchNorm = Flag(
    "freeze-batch-norm",
    help:
      "Use batch norm's running statistics without updating them; its weights are still trained.")
  let syncBatchNorm = Flag(
    "sync-batch-norm", help: "With several ranks: synchronize batch norm statistics.")
  let recompute = Flag(
    "recompute", help: "Recompute activations of the image encoder, to save memory.")
  let monitor = Option<ReportTrainingConfiguration.Monitor>(
    "monitor", "METRIC",
    help:
      "Metric for model selection and early stopping, measured on the validation split after each "
      + "epoch; by default there is no validation.")
  let patience = Option<Int>(
    "patience", "E", in: 1...1_000_000,
    help: "Early stopping: epochs without improvement of --monitor.")
  let checkpointEvery = Option<Int>(
    "checkpoint-every", "N", in: 1...Int.max,
    help: "Steps between checkpoints; by default one per epoch.")
  let checkpointMinutes = Option<Double>(
    "checkpoint-minutes", "M", in: 0.01...1e6,
    help: "Also save a checkpoint every M minutes.")
  let keepCheckpoints = Option<Int>(
    "keep-checkpoints", "N", default: 2, in: 1...100_000,
    help: "Number of latest checkpoints to keep, besides the best.")

  /// Overrides the settings of a run with the options that were given.
  func apply(to training: inout ReportTrainingConfiguration) throws {
    if let size = batchSize.given { training.batchSize = size }
    if let count = accumulate.given { training.accumulationSteps = count }
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
    if let rate = resumeVisionLearningRate.given ?? visionLearningRate.given {
      training.visionLearningRate = rate
    }
    if let decay = weightDecay.given { training.weightDecay = Float(decay) }
    if let limit = clip.given { training.gradientLimit = limit == 0 ? nil : Float(limit) }
    if noAMSGrad.isOn { training.usesAMSGrad = false }
    if let epochs = decayEpochs.given { training.decayEpochs = epochs }
    if let factor = decayFactor.given { training.decayFactor = factor }
    if let seed = seed.given { training.seed = seed }
    if let dropout = dropout.given { training.dropout = Float(dropout) }
    if freezeBatchNorm.isOn { training.freezesBatchNorm = true }
    if syncBatchNorm.isOn { training.synchronizesBatchNorm = true }
    if freeze.isGiven { training.freezesVision = true }
    if let decay = emaDecay.given { training.averageDecay = Float(decay) }
    if recompute.isOn { training.recomputesActivations = true }
    if let metric = monitor.given { training.monitor = metric }
    if let count = patience.given { training.patience = count }
    if let steps = checkpointEvery.given { training.checkpointEverySteps = steps }
    if let minutes = checkpointMinutes.given { training.checkpointEveryMinutes = minutes }
    if let count = keepCheckpoints.given { training.keepsCheckpoints = count }
    try training.validate()
  }

  /// Refuses options that have no effect in a run with these settings, and notes those that have little.
  func check(_ training: ReportTrainingConfiguration, ranks: Int) throws {
    if training.patience != nil && training.monitor == nil {
      throw CommandError.usage(
        "--patience has no effect without --monitor, which tells whether an epoch was better")
    }
    if training.synchronizesBatchNorm && training.freezesBatchNorm {
      throw CommandError.usage("--sync-batch-norm has no effect with --freeze-batch-norm")
    }
    if training.freezesVision == true {
      for (isIdle, name) in [
        (visionLearningRate.isGiven || resumeVisionLearningRate.isGiven, "lr-visual"),
        (training.freezesBatchNorm, "freeze-batch-norm"),
        (training.synchronizesBatchNorm, "sync-batch-norm"),
        (training.recomputesActivations, "recompute"),
      ] where isIdle {
        throw CommandError.usage("--\(name) has no effect with --freeze vision")
      }
    }
    if ranks == 1 && syncBatchNorm.isOn {
      Console.note("--sync-batch-norm has no effect in a run with one rank")
    }
    if decayFactor.given != nil || decayEpochs.given != nil, training.maxSteps == nil,
      training.decayEpochs >= training.epochs
    {
      Console.note(
        "The run ends before the learning rate decays for the first time, after "
          + "\(training.decayEpochs) epochs (--lr-step)")
    }
  }
}
