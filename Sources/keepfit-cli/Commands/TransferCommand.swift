import Foundation
import KeepFIT

extension FineTuning.Freeze: ChoiceArgument {}

/// `keepfit transfer`
struct TransferCommand: Subcommand {
  static let name = "transfer"
  static let summary = "Measure how well a model transfers to a dataset."
  static let discussion = """
    --experiment is a published name such as 02_MESSIDOR (its manifest is looked for in --manifests and
    --images-root), a JSON file {"name", "manifest", "targets"}, or just a CSV with the columns image
    and label. Writes results.json and report.html to --out; the table goes to standard output.

      keepfit transfer --model model --experiment mine.csv --images-root photographs \\
        --method all --shots 1,5,10 --out results

    --reference takes figures to show beside ours:
    {"source": "…", "figures": [{"method": "zero-shot", "metric": "aca", "value": 0.5}]}
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
    "experiment", "NAME|FILE", required: true, help: "What is classified.")
  let imagesRoot = Option<FilePath>(
    "images-root", "DIR", help: "Where the pictures' paths start; beside the manifest by default.")
  let manifests = RepeatedOption<FilePath>(
    "manifests", "DIR", help: "Where manifests of published experiments are.")
  let external = RepeatedOption<FilePath>(
    "external", "CSV", help: "Another manifest to test with the same classes.")
  let positive = Option<String>(
    "positive", "LABEL",
    help: "The positive class, such as a disease; of two, the one not called normal or the like.")
  let method = Option<Method>(
    "method", "NAME", default: .zeroShot, help: "How; all takes every method on features.")
  let shots = Option<String>(
    "shots", "A,B,…", help: "Several numbers of training pictures of each class, as 1,5,10 or 80%.")
  let shotsTrain = Option<String>(
    "shots-train", "N|P%", default: "80%", help: "Training pictures of each class.")
  let shotsValidation = Option<String>(
    "shots-val", "N|P%", default: "0%", help: "Validation pictures of each class.")
  let shotsTest = Option<String>(
    "shots-test", "N|P%",
    help: "Test pictures of each class; 20%, or 100% for zero-shot, by default.")
  let folds = Option<Int>(
    "folds", "N", in: 1...1000, help: "Random splits, with seeds 0, 1, …; 5, or 1 for zero-shot.")
  let allowFewer = Flag(
    "allow-fewer", help: "Take what a class has where a split asks for more, as published.")
  let balance = Flag("balance", help: "Repeat training pictures of smaller classes.")
  let noProjection = Flag("no-projection", help: "Use raw features, without the projection head.")
  let projection = Flag("projection", help: "Use projected features also for the linear probe.")
  let knowledge = KnowledgeOptions(defaultTable: "builtin")
  let augmentTraining = Flag(
    "augment-training", help: "Fit on 20 changed passes over the training pictures.")
  let augmentTest = Flag("augment-test", help: "Average 20 changed passes over the test pictures.")
  let releasedTIP = Flag(
    "tip-released", help: "TIP-adapters as released: queries follow keys, tests are augmented.")
  let consistentTIP = Flag(
    "tip-consistent", help: "TIP-adapters predict with the formula they were trained with.")
  let freeze = Option<FineTuning.Freeze>(
    "freeze", "WHAT", default: FineTuning.Freeze.none, help: "What fine-tuning leaves as it is.")
  let probeFirst = Flag("probe-first", help: "Start fine-tuning from a linear probe.")
  let epochs = Option<Int>("epochs", "E", in: 1...100_000, help: "Epochs of fine-tuning.")
  let learningRate = Option<Double>(
    "lr", "R", in: 1e-12...10, help: "Learning rate of fine-tuning.")
  let patience = Option<Int>(
    "patience", "E", in: 1...100_000,
    help: "Epochs without better validation before fine-tuning stops.")
  let images = ImageOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", default: 8, in: 1...4096, help: "Pictures that are worked at once.")
  let cache = Option<FilePath>("cache", "DIR", help: "Keeps features between runs, by content.")
  let saveAdapters = Flag("save-adapters", help: "Keep each fold's classifier below OUT/adapters.")
  let reference = Option<FilePath>(
    "reference", "FILE", help: "Published figures to show beside ours, as JSON.")
  let out = Option<FilePath>("out", "DIR", help: "Where results.json and report.html are written.")
  let json = Flag("json", help: "Print results.json instead of the table.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    if noProjection.isOn && projection.isOn {
      throw CommandError.usage("--projection and --no-projection exclude each other")
    }
    if shots.given != nil && shotsTrain.given != nil {
      throw CommandError.usage("--shots and --shots-train exclude each other")
    }
    if saveAdapters.isOn && out.given == nil {
      throw CommandError.usage("--save-adapters needs --out DIR")
    }
    if let folder = out.given {
      try FilePath(folder.text + "/results.json").checkWritable(
        force: overwrite.force.isOn, createsDirectory: true)
    }
  }

  func run() throws {
    if let root = imagesRoot.given, !root.isDirectory {
      throw CommandError.usage("--images-root \(root.text): there is no such directory")
    }
    let configurations = try configurations()
    let data = try ExperimentData(
      experiment.value, imagesRoot: imagesRoot.given?.url,
      manifestDirectories: manifests.values.map(\.url) + [FilePath(".").url],
      external: external.values.map(\.text))
    let model = try models.load()
    let tower = KeepFITTransferModel(model)
    let preprocessing = try images.preprocessing(for: model)
    let prompt = knowledge.prompt.given ?? ReportTemplates.inference[data.experiment.modality]
    var experiment = data.experiment
    if let label = positive.given { experiment.positive = label }
    let run = try TransferRun(
      experiment: experiment, pictures: data.pictures, officialTest: data.officialTest,
      external: data.external, model: tower, source: PictureSource(preprocessing),
      configurations: configurations,
      cache: cache.given.map { FeatureCache(directory: $0.url) },
      knowledge: try knowledge.table() ?? .none, template: prompt, batchSize: batchSize.value)
    for note in run.roles.notes { Console.note(note) }
    if saveAdapters.isOn { run.adapterDirectory = out.given?.url.appending(path: "adapters") }
    let progress = ProgressBar("Transfer", unit: "%", total: 100)
    run.progress = { text, share in
      progress.update(to: Int((share ?? 0) * 100), detail: text)
    }
    let mistakes = EvidenceReport.MistakeCollector(preprocessing: preprocessing, model: tower)
    if out.given != nil { run.onFold = mistakes.add }
    let report = try run.run()
    progress.interrupt()
    if let folder = out.given {
      try report.write(to: folder.url, force: overwrite.force.isOn)
      var page = try evidence(report, data.officialTest ?? data.pictures, tower, preprocessing)
      page.mistakes = mistakes.mistakes
      try page.write(to: folder.url.appending(path: "report.html"))
      Console.note("Wrote \(folder.text)/results.json and \(folder.text)/report.html")
    }
    if json.isOn {
      Console.print(try Self.text(report))
    } else {
      Console.write(Self.table(report))
    }
  }

  private func configurations() throws -> [TransferConfiguration] {
    let methods =
      method.value == .all
      ? TransferMethod.onFeatures : [TransferMethod(rawValue: method.value.rawValue) ?? .zeroShot]
    let counts = try shots.given.map {
      try $0.split(separator: ",").map {
        try SampleCount($0.trimmingCharacters(in: .whitespaces))
      }
    }
    var base = TransferConfiguration(method: methods[0])
    if methods.count > 1 { base = TransferConfiguration(method: .linearProbe) }
    if counts != nil || methods[0].isTrained || methods.count > 1 {
      base.split.train = try SampleCount(shotsTrain.value)
      base.split.validation = try SampleCount(shotsValidation.value)
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

  private func evidence(
    _ report: TransferReport, _ tested: LabelledPictures, _ tower: KeepFITTransferModel,
    _ preprocessing: Preprocessing
  ) throws -> EvidenceReport {
    var page = EvidenceReport(report)
    if let file = reference.given {
      do {
        page.publication = try JSONDecoder().decode(
          EvidenceReport.Publication.self, from: Data(contentsOf: file.url))
      } catch {
        throw CommandError.usage(
          "\(file.text): is no list of figures: see 'keepfit transfer --help'")
      }
    }
    guard let fold = report.results.first?.folds.first else { return page }
    let extractor = FeatureExtractor(
      model: tower, source: PictureSource(preprocessing),
      cache: cache.given.map { FeatureCache(directory: $0.url) }, batchSize: batchSize.value)
    let shown = min(600, fold.testImages.count)
    page.embeddings = (
      try extractor.features(
        fold.testImages.prefix(shown).map { tested.root.appending(path: $0) }, projected: true),
      Array(fold.labels.prefix(shown)), fold.testImages.count
    )
    return page
  }

  private static func text(_ report: TransferReport) throws -> String {
    report.results.count == 1
      ? try JSONText.encode(report.results[0]) : try JSONText.encode(report)
  }

  private static func table(_ report: TransferReport) -> String {
    let scores = ["aca", "auc_avg", "f1_avg", "kappa"]
    // Kappa's weights follow from the classes, which all results share.
    let weights = report.results.first?.kappaWeights == .quadratic ? "quadratic" : "unweighted"
    let positive = report.results.first?.positive?.positive
    let titles =
      scores.map { $0 == "kappa" ? "kappa (\(weights))" : $0 }
      + (positive.map { ["sensitivity (\($0))", "specificity (\($0))"] } ?? [])
    var table = TextTable(
      ["method", "train", "folds"] + titles, [.left, .right, .right] + titles.map { _ in .right })
    for result in report.results {
      var row = [
        result.method.rawValue,
        result.method.isTrained ? result.configuration.split.train.description : "-",
        String(result.folds.count),
      ]
      for score in scores {
        guard let mean = result.mean[score]?.scalar else {
          row.append("undefined: " + (result.undefined?[score] ?? "some folds lack a class"))
          continue
        }
        var text = String(format: "%.3f", mean)
        if result.folds.count > 1, let spread = result.std[score]?.scalar {
          text += String(format: " ± %.3f", spread)
        }
        row.append(text)
      }
      if positive != nil {
        for (name, value, reason) in result.positive?.values.prefix(2) ?? [] {
          let interval = result.positive?.intervals[name].map {
            String(format: " (%.3f–%.3f)", $0.lower, $0.upper)
          }
          row.append(
            value.map { String(format: "%.3f", $0) + (interval ?? "") } ?? "undefined: \(reason)")
        }
      }
      table.add(row)
    }
    return table.text
  }
}
