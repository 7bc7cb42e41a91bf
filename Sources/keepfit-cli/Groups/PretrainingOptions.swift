import Foundation
import KeepFIT

extension ObjectiveName: ChoiceArgument {}
extension KnowledgeAttention.Axis: ChoiceArgument {}
extension PretrainingConfiguration.Encoder: ChoiceArgument {}
extension PretrainingConfiguration.LossScope: ChoiceArgument {}
extension PretrainingInputs.ExpertForm: ChoiceArgument {}
extension PretrainingInputs.Monitor: ChoiceArgument {}
extension BadImagePolicy: ChoiceArgument {}
extension Manifest.BanRule: ChoiceArgument {}

/// Which images and texts a run reads.
struct PretrainingDataOptions: OptionGroup {
  enum Language: String, ChoiceArgument {
    case en, zh, any
  }

  let labeled = RepeatedOption<FilePath>(
    "public", "CSV", help: "A manifest of labeled images; may be given several times.")
  let labeledRoots = RepeatedOption<FilePath>(
    "public-root", "DIR", help: "Where its paths start: one for all manifests, or one for each.")
  let expert = RepeatedOption<FilePath>(
    "expert", "CSV", help: "A manifest of expert pairs; may be given several times.")
  let expertRoots = RepeatedOption<FilePath>(
    "expert-root", "DIR", help: "Where its paths start: one for all manifests, or one for each.")
  let validation = RepeatedOption<FilePath>(
    "validation", "CSV", help: "Pairs to measure retrieval with after each epoch.")
  let validationRoots = RepeatedOption<FilePath>(
    "validation-root", "DIR", help: "Where its paths start: one for all manifests, or one for each."
  )
  let probes = RepeatedOption<FilePath>(
    "probe", "FILE",
    help: "An experiment (.json) or labeled manifest to classify zero-shot after each epoch.")
  let probeRoots = RepeatedOption<FilePath>(
    "probe-root", "DIR", help: "Where its paths start: one for all probes, or one for each.")
  let monitor = Option<PretrainingInputs.Monitor>(
    "monitor", "NAME",
    help: "What the best checkpoint and --patience go by; retrieval where pairs are given.")
  let expertForm = Option<PretrainingInputs.ExpertForm>(
    "expert-form", "FORM", default: .captions, help: "What the expert rows hold.")
  let language = Option<Language>(
    "caption-language", "L", default: .en, help: "Which captions are read where a row has several.")
  let banned = Option<String>(
    "banned", "A;B;…", help: "Categories whose rows are left out; the published ones by default.")
  let banRule = Option<Manifest.BanRule>(
    "ban-rule", "RULE", default: .exact,
    help: "Compare banned categories whole (KeepFIT) or in part (FLAIR).")
  let fraction = Option<Double>(
    "fraction", "P", default: 1, in: 0.0001...1,
    help: "The part of each labeled manifest that is used.")
  let normalizeLabels = Flag("normalize-labels", help: "Make one of the spellings of a label.")
  let balance = Flag("balance", help: "Draw as many images from every labeled dataset.")
  let noShuffle = Flag(
    "no-shuffle", help: "Read both streams in the order of their manifests, cycling.")
  let noAugment = Flag("no-augment", help: "Leave the labeled images as they are.")
  let noAugmentDescriptions = Flag(
    "no-augment-descriptions", help: "Use labels as they stand, without the knowledge table.")
  let knowledge = Option<String>(
    "knowledge", "NAME|FILE", default: "builtin",
    help: "Descriptions of the labels: builtin, none, or a JSON file.")
  let caption = Option<String>(
    "caption", "TEXT", help: "The sentence with [ATR] and [CLS] for labeled color photographs.",
    check: { $0.contains("[CLS]") ? nil : "must contain [CLS], where the label goes" })
  let preprocessing = Option<PreprocessingName>(
    "preprocessing", "NAME", default: .transfer, help: "How files become images.")
  let decoding = DecodingChoices()
  let reduceJPEG = ReduceJPEGOptions()
  let cache = Option<FilePath>(
    "cache", "DIR",
    help: "A directory that keeps resized images, 3 x S x S bytes each (0.8 MB at 512 pixels).")
  let loaderThreads = Option<Int>(
    "loader-threads", "N", default: 2, in: 1...256, help: "Threads that load images.")
  let onBadImage = Option<BadImagePolicy>(
    "on-bad-image", "POLICY", default: .fail,
    help: "End the run, or leave the image out and list it in skipped.json and the report.")

  /// Puts what was given into the settings of a run; all else stays as it is there.
  func apply(to inputs: inout PretrainingInputs) throws {
    inputs.labeled = try ManifestSources.sources(labeled, labeledRoots, inputs.labeled)
    inputs.expert = try ManifestSources.sources(expert, expertRoots, inputs.expert)
    inputs.validation = try ManifestSources.sources(validation, validationRoots, inputs.validation)
    let probed = try ManifestSources.sources(probes, probeRoots, inputs.probes ?? [])
    inputs.probes = probed.isEmpty ? nil : probed
    if let monitor = monitor.given { inputs.monitor = monitor }
    if let form = expertForm.given { inputs.expertForm = form }
    if let language = language.given {
      inputs.captionLanguage =
        switch language {
        case .en: .english
        case .zh: .chinese
        case .any: nil
        }
    }
    if let list = banned.given {
      inputs.bannedCategories = list.split(separator: ";")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    if let rule = banRule.given { inputs.bansSubstrings = rule == .substring }
    if let fraction = fraction.given { inputs.fraction = fraction }
    if normalizeLabels.isOn { inputs.normalizesLabels = true }
    if balance.isOn { inputs.isBalanced = true }
    if noShuffle.isOn { inputs.isShuffled = false }
    if noAugment.isOn { inputs.isAugmented = false }
    if let table = knowledge.given {
      inputs.knowledge = ["none", "builtin"].contains(table) ? table : FilePath(table).url.path
    }
    if noAugmentDescriptions.isOn { inputs.knowledge = "none" }
    if let caption = caption.given { inputs.caption = caption }
    if let name = preprocessing.given, let path = Preprocessing(named: name.rawValue) {
      inputs.preprocessing = path
    }
    inputs.preprocessing = try reduceJPEG.applied(to: decoding.applied(to: inputs.preprocessing))
    if let folder = cache.given { inputs.cache = folder.url.path }
    if let count = loaderThreads.given { inputs.loaderThreads = count }
    if let policy = onBadImage.given { inputs.skipsBadImages = policy == .skip }
  }

  /// Refuses what has no effect in a run with these settings.
  func check(_ record: PretrainingRecord) throws {
    let inputs = record.inputs
    if let monitor = inputs.monitor {
      let (isMeasured, option) =
        monitor == .retrieval
        ? (!inputs.validation.isEmpty, "--validation") : (inputs.probes != nil, "--probe")
      guard isMeasured else {
        throw CommandError.usage("--monitor \(monitor.rawValue) needs \(option)")
      }
    }
    let objective = record.training.objective
    let usesExpert = objective.objective().needsExpertStream
    func refuse(_ isGiven: Bool, _ option: String, _ reason: String) throws {
      if isGiven { throw CommandError.usage("\(option) has no effect \(reason)") }
    }
    let withObjective =
      "with --objective \(objective.rawValue), which learns from labeled images only"
    // Said rather than refused: one command line serves to compare objectives.
    if !inputs.expert.isEmpty && !usesExpert {
      Console.warn("--expert has no effect \(withObjective)")
    }
    try refuse(expertForm.given != nil && !usesExpert, "--expert-form", withObjective)
    try refuse(
      language.given != nil && inputs.validation.isEmpty
        && (!usesExpert || inputs.expertForm == .categories),
      "--caption-language", "where no captions are read")
    try refuse(inputs.isBalanced && !inputs.isShuffled, "--balance", "with --no-shuffle")
    try refuse(
      banRule.given != nil && inputs.bannedCategories.isEmpty, "--ban-rule",
      "where --banned names no category")
    try refuse(
      noAugmentDescriptions.isOn && knowledge.given.map { $0 != "none" } == true, "--knowledge",
      "with --no-augment-descriptions")
  }
}

/// How a run computes.
struct PretrainingTrainingOptions: OptionGroup {
  let objective = Option<ObjectiveName>(
    "objective", "NAME", default: .keepfit, help: "Which loss is minimized.")
  let revisionWeight = Option<Double>(
    "revision-weight", "W", in: 0...1e6,
    help: "Weight of the revision term; the published one by default.")
  let attentionAxis = Option<KnowledgeAttention.Axis>(
    "attention-axis", "AXIS", default: .keys,
    help: "Softmax over the keys (paper) or the heads (release).")
  let imageSize = Option<Int>(
    "image-size", "S", aliases: ["size"], in: 32...4096,
    help: "Side of the images; by default the model's.")
  let batchSize = Option<Int>(
    "batch-size", "B", default: 24, in: 1...65536, help: "Images of each stream in a step.")
  let accumulate = Option<Int>(
    "accumulate", "N", default: 1, in: 1...4096, help: "Batches whose gradients make one step.")
  let epochs = Option<Int>(
    "epochs", "E", default: 15, in: 1...1_000_000, help: "Passes over the labeled images.")
  let startEpoch = Option<Int>(
    "start-epoch", "E", default: 1, in: 1...1_000_000,
    help: "The number of the first epoch (15 in the release).")
  let maxSteps = Option<Int>(
    "max-steps", "N", in: 1...Int.max, help: "Steps of the run, in place of --epochs.")
  let learningRate = Option<Double>(
    "lr", "R", default: 1e-4, in: 1e-12...10, help: "The highest learning rate.")
  let resumeLearningRate = Option<Double>(
    "resume-lr", "R", in: 1e-12...10,
    help: "With --resume: continue with another highest learning rate than the run's.")
  let weightDecay = Option<Double>(
    "weight-decay", "D", default: 1e-5, in: 0...10, help: "AdamW's weight decay.")
  let warmupEpochs = Option<Int>(
    "warmup-epochs", "E", default: 1, in: 0...1_000_000, help: "Epochs of linear warm-up.")
  let scheduleEpochs = Option<Int>(
    "schedule-epochs", "E", default: 100, in: 1...1_000_000,
    help: "Epochs at whose end the cosine is zero.")
  let clip = Option<Double>(
    "clip", "N", default: 1, in: 0...1e9, help: "Highest gradient norm; 0 for no clipping.")
  let seed = Option<UInt64>("seed", "N", default: 42, help: "What all random numbers follow from.")
  let dropout = Option<Double>(
    "dropout", "P", in: 0...0.99, help: "All dropouts; by default 0.1 and 0.5.")
  let freezeBatchNorm = Flag(
    "freeze-batch-norm", help: "Use batch norm's running statistics also in training.")
  let syncBatchNorm = Flag(
    "sync-batch-norm", help: "With several ranks: batch statistics over all of them.")
  let freeze = RepeatedOption<PretrainingConfiguration.Encoder>(
    "freeze", "ENCODER", help: "An encoder that does not learn.")
  let recompute = Flag(
    "recompute", help: "Compute activations a second time instead of keeping them.")
  let averageDecay = Option<Double>(
    "average-decay", "D", in: 0...0.999999,
    help:
      "Decay of an exponential moving average of the weights (EMA), which is what --validation and "
      + "--probe measure; each checkpoint holds it as a model directory 'ema'.")
  let lossScope = Option<PretrainingConfiguration.LossScope>(
    "loss-scope", "SCOPE", default: .global,
    help: "With several ranks: contrast all batches, or each its own.")
  let checkpointEvery = Option<Int>(
    "checkpoint-every", "N", in: 1...Int.max, help: "Steps between checkpoints; else epochs.")
  let checkpointMinutes = Option<Double>(
    "checkpoint-minutes", "M", in: 0.01...1e6,
    help: "Minutes between checkpoints, beside the steps.")
  let keepCheckpoints = Option<Int>(
    "keep-checkpoints", "N", default: 2, in: 1...100_000,
    help: "How many of the latest are kept, besides the best.")
  let patience = Option<Int>(
    "patience", "E", in: 1...1_000_000,
    help: "Epochs without better validation after which the run ends.")

  /// Puts what was given into the settings of a run; all else stays as it is there.
  func apply(to training: inout PretrainingConfiguration) throws {
    if let objective = objective.given { training.objective = objective }
    if let weight = revisionWeight.given { training.revisionWeight = Float(weight) }
    if let axis = attentionAxis.given { training.attentionAxis = axis }
    if let size = imageSize.given { training.imageSize = size }
    if let size = batchSize.given { training.batchSize = size }
    if let count = accumulate.given { training.accumulationSteps = count }
    if let epoch = startEpoch.given {
      training.startEpoch = epoch
      // The default number of epochs is no wish: a run that starts later has at least one.
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
    if let limit = clip.given { training.gradientClip = limit == 0 ? nil : Float(limit) }
    if let seed = seed.given { training.seed = seed }
    if let dropout = dropout.given { training.dropout = Float(dropout) }
    if freezeBatchNorm.isOn { training.freezesBatchNorm = true }
    if syncBatchNorm.isOn { training.synchronizesBatchNorm = true }
    if !freeze.values.isEmpty { training.frozenEncoders = Set(freeze.values) }
    if recompute.isOn { training.recomputesActivations = true }
    if let decay = averageDecay.given { training.averageDecay = Float(decay) }
    if let scope = lossScope.given { training.lossScope = scope }
    if let steps = checkpointEvery.given { training.checkpointEverySteps = steps }
    if let minutes = checkpointMinutes.given { training.checkpointEveryMinutes = minutes }
    if let count = keepCheckpoints.given { training.keepsCheckpoints = count }
    if let count = patience.given { training.patience = count }
    try training.validate()
  }

  /// Refuses what has no effect in a run with these settings, and notes what has little.
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
      "--patience", "without --validation or --probe, which tell whether an epoch was better")
    let isFrozen = training.freezesBatchNorm || training.frozenEncoders.contains(.vision)
    try refuse(
      training.synchronizesBatchNorm == true && isFrozen, "--sync-batch-norm",
      "where batch norms use their running statistics (--freeze-batch-norm, --freeze vision)")
    if freezeBatchNorm.isOn && training.frozenEncoders.contains(.vision) {
      Console.note("--freeze-batch-norm changes nothing: --freeze vision freezes batch norms too")
    }
    if ranks == 1 && (lossScope.given == .local || syncBatchNorm.isOn) {
      let option = lossScope.given == .local ? "--loss-scope" : "--sync-batch-norm"
      Console.note("\(option) changes nothing in a run of one rank")
    }
    if training.maxSteps == nil,
      training.warmupEpochs > training.epochs - training.startEpoch + 1
    {
      Console.note(
        "The run ends within its warm-up of \(training.warmupEpochs) epochs, below the learning rate of "
          + "--lr")
    }
  }
}
