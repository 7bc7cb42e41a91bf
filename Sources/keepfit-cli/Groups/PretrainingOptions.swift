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

/// The data of a pretraining run.
struct PretrainingDataOptions: OptionGroup {
  enum Language: String, ChoiceArgument {
    case en, zh, any
  }

  let labeled = RepeatedOption<FilePath>(
    "public", "FILE", help: "Manifest of labeled images, or an image folder (repeatable).")
  let labeledRoots = RepeatedOption<FilePath>(
    "public-root", "DIR",
    help:
      "Root directory of the image paths of --public: one for all manifests, or one for each; by default each "
      + "manifest's directory.")
  let columns = ColumnOptions()
  let split = SplitColumnOption()
  let expert = RepeatedOption<FilePath>(
    "expert", "CSV", help: "Manifest of expert image-text pairs (repeatable).")
  let expertRoots = RepeatedOption<FilePath>(
    "expert-root", "DIR",
    help: "Root directory of the image paths of --expert: one for all manifests, or one for each.")
  let validation = RepeatedOption<FilePath>(
    "validation", "CSV",
    help: "Manifest of image-text pairs for retrieval validation after each epoch (repeatable).")
  let validationRoots = RepeatedOption<FilePath>(
    "validation-root", "DIR",
    help:
      "Root directory of the image paths of --validation: one for all manifests, or one for each.")
  let probes = RepeatedOption<FilePath>(
    "probe", "FILE",
    help:
      "Experiment (.json) or labeled manifest for zero-shot validation after each epoch (repeatable)."
  )
  let probeRoots = RepeatedOption<FilePath>(
    "probe-root", "DIR",
    help: "Root directory of the image paths of --probe: one for all probes, or one for each.")
  let monitor = Option<PretrainingInputs.Monitor>(
    "monitor", "NAME",
    help:
      "Metric for model selection and early stopping; by default retrieval if --validation is given."
  )
  let expertForm = Option<PretrainingInputs.ExpertForm>(
    "expert-form", "FORM", default: .captions, help: "Content of the expert rows.")
  let language = Option<Language>(
    "caption-language", "L", default: .en, help: "Caption language to use where a row has several.")
  let heldOut = Option<String>(
    "held-out", "A;B;…", aliases: ["banned"],
    help: "Held-out categories, whose rows are left out; the published ones by default.")
  let heldOutMatch = Option<Manifest.BanRule>(
    "held-out-match", "RULE", aliases: ["ban-rule"], default: .exact,
    help: "Match held-out categories exactly (KeepFIT) or as substrings (FLAIR).")
  let fraction = Option<Double>(
    "fraction", "P", default: 1, in: 0.0001...1,
    help: "Fraction of each labeled manifest to use.")
  let normalizeLabels = Flag("normalize-labels", help: "Merge spelling variants of a label.")
  let balance = Flag("balance", help: "Sample all labeled datasets equally often.")
  let noShuffle = Flag(
    "no-shuffle", help: "Read both streams in manifest order, cycling.")
  let noAugment = Flag("no-augment", help: "Do not augment the labeled images.")
  let noAugmentDescriptions = Flag(
    "no-augment-descriptions", help: "Use the plain labels as text, without the knowledge table.")
  let knowledge = Option<String>(
    "knowledge", "NAME|FILE", default: "builtin",
    help: "Knowledge table, which describes the labels: builtin, none, or a JSON file.")
  let caption = Option<String>(
    "caption", "TEXT", help: "Prompt template with [ATR] and [CLS] for labeled color photographs.",
    check: { $0.contains("[CLS]") ? nil : "must contain [CLS], where the label goes" })
  let preprocessing = Option<PreprocessingName>(
    "preprocessing", "NAME", default: .transfer, help: "Image preprocessing.")
  let decoding = DecodingChoices()
  let crop = CropOption()
  let reduceJPEG = ReduceJPEGOptions()
  let cache = Option<FilePath>(
    "cache", "DIR",
    help: "Directory that caches resized images, 3 x S x S bytes each (0.8 MB at 512 pixels).")
  let loaderThreads = Option<Int>(
    "loader-threads", "N", default: 2, in: 1...256, help: "Number of image loading threads.")
  let badImages = BadImageOptions(
    skipping: "leave them out and list them in skipped.json and the report")

  /// Overrides the settings of a run with the options that were given.
  func apply(to inputs: inout PretrainingInputs) throws {
    inputs.labeled = try ManifestSources.sources(labeled, labeledRoots, inputs.labeled)
    let selection = columns.selection(split: split.column.given)
    if !selection.isEmpty {
      for index in inputs.labeled.indices { inputs.labeled[index].columns = selection }
    }
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
    if let list = heldOut.given {
      inputs.bannedCategories = list.split(separator: ";")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    if let rule = heldOutMatch.given { inputs.bansSubstrings = rule == .substring }
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
    inputs.preprocessing = try reduceJPEG.applied(
      to: crop.applied(to: decoding.applied(to: inputs.preprocessing)))
    if let folder = cache.given { inputs.cache = folder.url.path }
    if let count = loaderThreads.given { inputs.loaderThreads = count }
    if let policy = badImages.policy.given { inputs.skipsBadImages = policy == .skip }
  }

  /// Refuses options that have no effect in a run with these settings.
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
      "with --objective \(objective.rawValue), which uses labeled images only"
    // A warning, not an error, so that one command line can be used to compare objectives.
    if !inputs.expert.isEmpty && !usesExpert {
      Console.warn("--expert has no effect \(withObjective)")
    }
    try refuse(expertForm.given != nil && !usesExpert, "--expert-form", withObjective)
    try refuse(
      language.given != nil && inputs.validation.isEmpty
        && (!usesExpert || inputs.expertForm == .categories),
      "--caption-language", "when no captions are read")
    try refuse(inputs.isBalanced && !inputs.isShuffled, "--balance", "with --no-shuffle")
    try refuse(
      heldOutMatch.given != nil && inputs.bannedCategories.isEmpty, "--held-out-match",
      "when --held-out names no category")
    try refuse(
      noAugmentDescriptions.isOn && knowledge.given.map { $0 != "none" } == true, "--knowledge",
      "with --no-augment-descriptions")
  }
}
