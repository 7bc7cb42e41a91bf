import Foundation
import KeepFIT

extension ObjectiveName: ChoiceArgument {}
extension KnowledgeAttention.Axis: ChoiceArgument {}
extension PretrainingConfiguration.Tower: ChoiceArgument {}
extension PretrainingConfiguration.LossScope: ChoiceArgument {}
extension PretrainingInputs.ExpertForm: ChoiceArgument {}
extension PretrainingInputs.Monitor: ChoiceArgument {}
extension BadImagePolicy: ChoiceArgument {}
extension Manifest.BanRule: ChoiceArgument {}

/// Which pictures and texts a run reads.
struct PretrainingDataOptions: OptionGroup {
  enum Language: String, ChoiceArgument {
    case en, zh, any
  }

  let labelled = RepeatedOption<FilePath>(
    "public", "CSV", help: "A manifest of labelled pictures; may be given several times.")
  let labelledRoots = RepeatedOption<FilePath>(
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
    help: "An experiment (.json) or labelled manifest to classify zero-shot after each epoch.")
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
    help: "The part of each labelled manifest that is used.")
  let normalizeLabels = Flag("normalize-labels", help: "Make one of the spellings of a label.")
  let balance = Flag("balance", help: "Draw as many pictures from every labelled dataset.")
  let noShuffle = Flag(
    "no-shuffle", help: "Read both streams in the order of their manifests, cycling.")
  let noAugment = Flag("no-augment", help: "Leave the labelled pictures as they are.")
  let noAugmentDescriptions = Flag(
    "no-augment-descriptions", help: "Use labels as they stand, without the knowledge table.")
  let knowledge = Option<String>(
    "knowledge", "NAME|FILE", default: "builtin",
    help: "Descriptions of the labels: builtin, none, or a JSON file.")
  let caption = Option<String>(
    "caption", "TEXT", help: "The sentence with [ATR] and [CLS] for labelled pictures.")
  let preprocessing = Option<PreprocessingName>(
    "preprocessing", "NAME", default: .transfer, help: "How files become pictures.")
  let decoding = DecodingChoices()
  let reduceJPEG = ReduceJPEGOptions()
  let cache = Option<FilePath>("cache", "DIR", help: "A directory that keeps resized pictures.")
  let loaderThreads = Option<Int>(
    "loader-threads", "N", default: 2, in: 1...256, help: "Threads that load pictures.")
  let onBadImage = Option<BadImagePolicy>(
    "on-bad-image", "POLICY", default: .fail,
    help: "End the run, or leave the picture out and list it.")

  /// Whether any manifest was given.
  var isGiven: Bool { !labelled.values.isEmpty || !expert.values.isEmpty }

  /// What the options say.
  func inputs() throws -> PretrainingInputs {
    var inputs = PretrainingInputs()
    inputs.labelled = try sources(labelled, labelledRoots)
    inputs.expert = try sources(expert, expertRoots)
    inputs.validation = try sources(validation, validationRoots)
    inputs.probes = probes.values.isEmpty ? nil : try sources(probes, probeRoots)
    inputs.monitor = monitor.given
    if let monitor = monitor.given {
      let (list, option) =
        monitor == .retrieval ? (validation, "--validation") : (probes, "--probe")
      guard !list.values.isEmpty else {
        throw CommandError.usage("--monitor \(monitor.rawValue) needs \(option)")
      }
    }
    inputs.expertForm = expertForm.value
    inputs.captionLanguage =
      switch language.value {
      case .en: .english
      case .zh: .chinese
      case .any: nil
      }
    if let list = banned.given {
      inputs.bannedCategories = list.split(separator: ";")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    inputs.bansSubstrings = banRule.value == .substring
    inputs.fraction = fraction.value
    inputs.normalizesLabels = normalizeLabels.isOn
    inputs.isBalanced = balance.isOn
    inputs.isShuffled = !noShuffle.isOn
    inputs.isAugmented = !noAugment.isOn
    inputs.knowledge = noAugmentDescriptions.isOn ? "none" : knowledge.value
    inputs.caption = caption.given
    if let path = Preprocessing(named: preprocessing.value.rawValue) {
      inputs.preprocessing = try reduceJPEG.applied(to: decoding.applied(to: path))
    }
    inputs.cache = cache.given?.url.path
    inputs.loaderThreads = loaderThreads.value
    inputs.skipsBadImages = onBadImage.value == .skip
    return inputs
  }

  private func sources(
    _ manifests: RepeatedOption<FilePath>, _ roots: RepeatedOption<FilePath>
  ) throws -> [PretrainingInputs.Source] {
    let (files, folders) = (manifests.values, roots.values)
    guard folders.count == files.count || (folders.count == 1 && !files.isEmpty) else {
      throw CommandError.usage(
        "--\(roots.name) must be given once for all of --\(manifests.name), or once for each: "
          + "\(files.count) manifests, \(folders.count) roots")
    }
    return files.indices.map {
      PretrainingInputs.Source(
        manifest: files[$0].url.path, root: folders[folders.count == 1 ? 0 : $0].url.path)
    }
  }
}

/// How a run computes.
struct PretrainingTrainingOptions: OptionGroup {
  let objective = Option<ObjectiveName>(
    "objective", "NAME", default: .keepfit, help: "Which loss is minimised.")
  let revisionWeight = Option<Double>(
    "revision-weight", "W", in: 0...1e6,
    help: "Weight of the revision term; the published one by default.")
  let attentionAxis = Option<KnowledgeAttention.Axis>(
    "attention-axis", "AXIS", default: .keys,
    help: "Softmax over the keys (paper) or the heads (release).")
  let imageSize = Option<Int>(
    "image-size", "S", aliases: ["size"], in: 32...4096,
    help: "Side of the pictures; by default the model's.")
  let batchSize = Option<Int>(
    "batch-size", "B", default: 24, in: 1...65536, help: "Pictures of each stream in a step.")
  let accumulate = Option<Int>(
    "accumulate", "N", default: 1, in: 1...4096, help: "Batches whose gradients make one step.")
  let epochs = Option<Int>(
    "epochs", "E", default: 15, in: 1...1_000_000, help: "Passes over the labelled pictures.")
  let startEpoch = Option<Int>(
    "start-epoch", "E", default: 1, in: 1...1_000_000,
    help: "The number of the first epoch (15 in the release).")
  let maxSteps = Option<Int>(
    "max-steps", "N", in: 1...Int.max, help: "Steps of the run, in place of --epochs.")
  let learningRate = Option<Double>(
    "lr", "R", default: 1e-4, in: 1e-12...10, help: "The highest learning rate.")
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
  let freeze = RepeatedOption<PretrainingConfiguration.Tower>(
    "freeze", "TOWER", help: "A tower that does not learn.")
  let recompute = Flag(
    "recompute", help: "Compute activations a second time instead of keeping them.")
  let averageDecay = Option<Double>(
    "average-decay", "D", in: 0...0.999999,
    help: "Decay of a moving average of the weights, saved beside them.")
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

  /// What the options say.
  func configuration(for model: KeepFITModel) throws -> PretrainingConfiguration {
    var training = PretrainingConfiguration()
    training.objective = objective.value
    training.revisionWeight = revisionWeight.given.map { Float($0) }
    training.attentionAxis = attentionAxis.value
    training.imageSize = imageSize.given ?? model.configuration.imageSize
    training.batchSize = batchSize.value
    training.accumulationSteps = accumulate.value
    training.epochs = max(epochs.value, epochs.given == nil ? startEpoch.value : 0)
    training.startEpoch = startEpoch.value
    training.maxSteps = maxSteps.given
    training.learningRate = learningRate.value
    training.weightDecay = Float(weightDecay.value)
    training.warmupEpochs = warmupEpochs.value
    training.scheduleEpochs = scheduleEpochs.value
    training.gradientClip = clip.value == 0 ? nil : Float(clip.value)
    training.seed = seed.value
    training.dropout = dropout.given.map { Float($0) }
    training.freezesBatchNorm = freezeBatchNorm.isOn
    training.synchronizesBatchNorm = syncBatchNorm.isOn ? true : nil
    training.frozenTowers = Set(freeze.values)
    training.recomputesActivations = recompute.isOn
    training.averageDecay = averageDecay.given.map { Float($0) }
    training.lossScope = lossScope.value
    training.checkpointEverySteps = checkpointEvery.given
    training.checkpointEveryMinutes = checkpointMinutes.given
    training.keepsCheckpoints = keepCheckpoints.value
    training.patience = patience.given
    try training.validate()
    return training
  }
}
