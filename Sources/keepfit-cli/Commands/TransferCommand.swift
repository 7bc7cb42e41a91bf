import Foundation
import KeepFIT

extension FineTuning.Freeze: ChoiceArgument {}

/// `keepfit transfer`
struct TransferCommand: Subcommand {
  static let name = "transfer"
  static let summary = "Evaluate or fine-tune a model on a labeled dataset."
  static let discussion = """
    --experiment is a published name such as 02_MESSIDOR (its manifest is searched for in --manifests and
    --images-root), a JSON file {"name", "manifest", "targets"}, a table (.csv, .tsv, .jsonl, .xlsx) with the
    columns image and label, or an image folder ('train|val|test/<class>/' or '<class>/'). Writes
    results.json and report.html to --out; the table goes to standard output.

      keepfit transfer --model model --experiment labels.csv --images-root photographs \\
        --method all --shots 1,5,10 --out results

    If rows have several labels ("drusen;hemorrhage", or a list), labels are predicted independently:
    zero-shot, linear-probe and fine-tune use a sigmoid per label, with a threshold chosen on --shots-val.
    Each label is scored as a positive class of its own, so there is no --positive; the images of --external
    may have any number of the same labels.

    --reference paper shows the results of the KeepFIT paper next to those measured on a published
    experiment; a file supplies other results: {"source": "…", "figures": [{"method": "zero-shot",
    "metric": "aca", "value": 0.5}]}, with "shots" and "model" if there are several.
    """

  enum Method: String, ChoiceArgument {
    case zeroShot = "zero-shot"
    case linearProbe = "linear-probe"
    case clipAdapter = "clip-adapter"
    case tipAdapter = "tip-adapter"
    case tipAdapterF = "tip-adapter-f"
    case fineTune = "fine-tune"
    case all
  }

  let models = ModelOptions()
  let experiment = Option<String>(
    "experiment", "NAME|FILE", required: true,
    help: "Dataset: a table, an image folder, a JSON file or a published name.")
  let imagesRoot = Option<FilePath>(
    "images-root", "DIR",
    help: "Root directory of the image paths; by default the manifest's directory.")
  let columns = ColumnOptions()
  let split = SplitColumnOption()
  let manifests = RepeatedOption<FilePath>(
    "manifests", "DIR", help: "Directory with manifests of published experiments (repeatable).")
  let external = RepeatedOption<FilePath>(
    "external", "FILE",
    help: "External test manifest or image folder with the same classes or labels (repeatable).")
  let positive = Option<String>(
    "positive", "LABEL",
    help:
      "Positive class, such as a disease; by default, of two classes, the one that does not mean normal."
  )
  let method = Option<Method>(
    "method", "NAME", default: .zeroShot,
    help: "Adaptation method; 'all' runs every method except fine-tuning.")
  let grouping = GroupingOptions()
  let normalizeLabels = Flag("normalize-labels", help: "Merge spelling variants of a label.")
  let shots = Option<String>(
    "shots", "A,B,…",
    help: "Training set sizes to compare, in images per class, e.g. 1,5,10 or 80%.")
  let shotsTrain = Option<String>(
    "shots-train", "N|P%",
    help: "Training images per class; by default 80%, or all of an official training split.")
  let shotsValidation = Option<String>(
    "shots-val", "N|P%", default: "0%", help: "Validation images per class.")
  let shotsTest = Option<String>(
    "shots-test", "N|P%",
    help: "Test images per class; by default 20%, or 100% for zero-shot.")
  let folds = Option<Int>(
    "folds", "N", in: 1...1000,
    help: "Random splits, with seeds 0, 1, …; by default 5, or 1 for zero-shot.")
  let allowFewer = Flag(
    "allow-fewer", help: "Accept classes with fewer images than requested, as published.")
  let balance = Flag("balance", help: "Oversample the training images of smaller classes.")
  let noProjection = Flag("no-projection", help: "Use raw features, without the projection head.")
  let projection = Flag("projection", help: "Use projected features for the linear probe as well.")
  let knowledge = KnowledgeOptions(defaultTable: "builtin")
  let augmentTraining = Flag(
    "augment-training", help: "Train on 20 augmented passes over the training images.")
  let augmentTest = Flag(
    "augment-test", help: "Test-time augmentation: average 20 augmented passes.")
  let releasedTIP = Flag(
    "tip-released",
    help:
      "TIP-Adapter as in the released code: queries change with the keys, test images are augmented."
  )
  let consistentTIP = Flag(
    "tip-consistent", help: "Predict with the formula that TIP-Adapter was trained with.")
  let freeze = Option<FineTuning.Freeze>(
    "freeze", "WHAT", default: FineTuning.Freeze.none,
    help: "Part of the image encoder to freeze in fine-tuning.")
  let probeFirst = Flag(
    "probe-first", help: "Initialize the fine-tuned classifier from a linear probe (LP-FT).")
  let epochs = Option<Int>("epochs", "E", in: 1...100_000, help: "Epochs of fine-tuning.")
  let learningRate = Option<Double>(
    "lr", "R", in: 1e-12...10, help: "Learning rate of fine-tuning.")
  let patience = Option<Int>(
    "patience", "E", in: 1...100_000,
    help: "Early stopping of fine-tuning: epochs without improvement.")
  let images = ImageOptions()
  let badImages = BadImageOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", default: 8, in: 1...4096, help: "Images per batch.")
  let cache = Option<FilePath>("cache", "DIR", help: "Directory that caches features between runs.")
  let temperature = Flag(
    "temperature",
    help: "Fit a temperature on the validation images; probabilities and adapters use it.")
  let saveAdapters = Flag("save-adapters", help: "Save each fold's classifier below OUT/adapters.")
  let reference = Option<FilePath>(
    "reference", "paper|FILE",
    help: "Published results to compare with: those of the KeepFIT paper, or of a JSON file.")
  let out = Option<FilePath>(
    "out", "DIR", help: "Output directory for results.json and report.html.")
  let json = Flag("json", help: "Print results.json instead of the table.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  /// The methods to evaluate.
  var methods: [TransferMethod] {
    method.value == .all
      ? TransferMethod.onFeatures : [TransferMethod(rawValue: method.value.rawValue) ?? .zeroShot]
  }

  func validate() throws {
    if noProjection.isOn && projection.isOn {
      throw CommandError.usage("--projection and --no-projection are mutually exclusive")
    }
    if shots.given != nil && shotsTrain.given != nil {
      throw CommandError.usage("--shots and --shots-train are mutually exclusive")
    }
    if saveAdapters.isOn && out.given == nil {
      throw CommandError.usage("--save-adapters needs --out DIR")
    }
    _ = try grouping.grouping()
    for directory in manifests.values where !directory.isDirectory {
      throw CommandError.usage("--manifests \(directory.text): there is no such directory")
    }
    if let root = imagesRoot.given, !root.isDirectory {
      throw CommandError.usage("--images-root \(root.text): there is no such directory")
    }
    if let folder = out.given {
      try FilePath(folder.text + "/results.json").checkWritable(
        force: overwrite.force.isOn, createsDirectory: true)
    }
    try refuseIdleOptions()
  }

  func run() throws {
    let publication = try reference.given.map(publishedFigures)
    var options = ExperimentData.Options()
    options.grouping = try grouping.grouping()
    options.normalizesLabels = normalizeLabels.isOn
    options.acceptsMissingFiles = badImages.policy.value == .skip
    options.columns = columns.selection(split: split.column.given)
    if try runMultiLabel(options) { return }
    let data = try ExperimentData(
      experiment.value, imagesRoot: imagesRoot.given?.url,
      manifestDirectories: manifests.values.map(\.url) + [FilePath(".").url],
      external: external.values.map(\.text), options: options)
    try refuseIdleOptions(with: data)
    let configurations = try configurations(isOfficial: data.isOfficial)
    let model = try models.load()
    let encoder = KeepFITTransferModel(model)
    let preprocessing = try images.preprocessing(for: model)
    var experiment = data.experiment
    if let label = positive.given { experiment.positive = label }
    let run = try TransferRun(
      experiment: experiment, dataset: data.dataset, officialTest: data.officialTest,
      external: data.external, model: encoder, source: ImageSource(preprocessing),
      configurations: configurations,
      cache: cache.given.map { FeatureCache(directory: $0.url) },
      knowledge: try knowledge.table() ?? .none, template: knowledge.prompt.given,
      batchSize: batchSize.value)
    try refuseIdleOptions(with: run.roles)
    if saveAdapters.isOn { run.adapterDirectory = out.given?.url.appending(path: "adapters") }
    run.onBadImage = badImages.policy.value
    if run.prompt.source == .model, methods.contains(where: \.usesText) {
      Console.note("Note: using the model's own prompt, '\(run.prompt.template)'")
    }
    if methods.contains(where: \.usesText) {
      TextWarnings.prompts(
        of: data.dataset.classes, table: try knowledge.table(),
        isChosen: knowledge.knowledge.isGiven, template: run.prompt.template, model)
    }
    for note in run.roles.notes + run.notes where !ReadingNotes.shared.hasTold(note) {
      Console.note("Note: \(note)")
    }
    let said = run.notes.count
    let progress = ProgressBar("Transfer", unit: "%", total: 100)
    run.progress = { text, share in
      progress.update(to: Int((share ?? 0) * 100), detail: text)
    }
    let mistakes = EvidenceReport.MistakeCollector(preprocessing: preprocessing, model: encoder)
    if out.given != nil { run.onFold = mistakes.add }
    let report = try run.run()
    progress.interrupt()
    for note in report.notes.dropFirst(said) { Console.note("Note: \(note)") }
    Self.noteTemperatures(report)
    if let folder = out.given {
      try report.write(to: folder.url, force: overwrite.force.isOn)
      var page = try evidence(report, run, publication)
      page.mistakes = mistakes.mistakes
      page.origin = origin
      try page.write(to: folder.url.appending(path: "report.html"))
      Console.note("Wrote \(folder.text)/results.json and \(folder.text)/report.html")
    }
    if json.isOn {
      Console.print(try report.json(pretty: false))
    } else {
      Console.write(Self.table(report) + Self.publishedTable(report, publication))
    }
    if let note = publication?.unmatchedNote(for: report.results) {
      // A table of the paper always has more results than a run.
      if note.hasPrefix("none") {
        Console.warn("--reference: \(note)")
      } else if reference.value.text != "paper" {
        Console.note("Note: \(note)")
      }
    }
    try Self.report(report.skipped)
  }

  /// Ends the command with exit code 1 if images were left out.
  static func report(_ skipped: [TransferReport.SkippedImage]) throws {
    guard !skipped.isEmpty else { return }
    let reasons = skipped.prefix(10).map(\.reason).joined(separator: "; ")
    let rest = skipped.count > 10 ? "; and \(skipped.count - 10) more" : ""
    throw CommandError.failure(
      "\(Pretty.count(skipped.count, "image")) could not be used and "
        + "\(skipped.count == 1 ? "was" : "were") left out: \(reasons)\(rest)")
  }

  /// The origin of the results, for the report.
  var origin: ReportOrigin {
    ReportOrigin(
      model: models.model.value.text, data: experiment.value, version: CommandTable.version)
  }

  func configurations(isOfficial: Bool) throws -> [TransferConfiguration] {
    let counts = try shots.given.map {
      try $0.split(separator: ",").map {
        try SampleCount($0.trimmingCharacters(in: .whitespaces))
      }
    }
    let first = methods.count > 1 ? .linearProbe : methods[0]
    var base = TransferConfiguration(method: first, officialSplit: isOfficial)
    if first.isTrained {
      if let train = shotsTrain.given { base.split.train = try SampleCount(train) }
      base.split.validation = try SampleCount(shotsValidation.value)
      // Sampled again in every fold.
      if shots.given != nil || shotsTrain.given != nil {
        base.folds = TransferConfiguration(method: first).folds
      }
    }
    if let test = shotsTest.given { base.split.test = try SampleCount(test) }
    base.split.balance = balance.isOn
    base.acceptsSmallerParts = allowFewer.isOn
    if let folds = folds.given { base.folds = folds }
    if noProjection.isOn { base.projectsFeatures = false }
    if projection.isOn { base.projectsFeatures = true }
    base.augmentsTraining = augmentTraining.isOn
    base.augmentsTest = augmentTest.isOn
    base.knowledge = knowledge.knowledge.value
    if temperature.isOn { base.fitsTemperature = true }
    base.tipAdapter.queriesFollowKeys = releasedTIP.isOn
    base.augmentsTIPTest = releasedTIP.isOn
    base.tipAdapter.predictsAsTrained = consistentTIP.isOn
    base.fineTuning.freeze = freeze.value
    base.fineTuning.startsFromProbe = probeFirst.isOn
    base.fineTuning.batchSize = batchSize.value
    if let epochs = epochs.given { base.fineTuning.epochs = epochs }
    if let rate = learningRate.given { base.fineTuning.learningRate = rate }
    if let patience = patience.given { base.fineTuning.patience = patience }
    if methods.count == 1 && counts == nil { return [base] }
    return TransferConfiguration.table(
      methods: methods, shots: counts ?? [base.split.train], base: base)
  }
}
