import Foundation
import KeepFIT

/// `keepfit reports evaluate`
struct ReportsEvaluateCommand: Subcommand {
  static let name = "reports evaluate"
  static let summary = "Generate and score the reports of a test split, and write an HTML report."
  static let discussion = """
    Generates the report of every study of the split, with the features of its images averaged, and scores
    it against the true one as 'reports score' does. Beside it stand baselines that need no report model: the
    most frequent training report, the report of the training study whose images are most similar, and with
    --template-model typical training sentences of the findings that an image-text model scores highest
    (each about as often as training reports state it).

    References are tokenized as in training: truncated to the model's length, with <unk> for rare words.

    Writes report.html (images, attention, true and generated reports, correct, missed and hallucinated
    findings), generated.jsonl, references.jsonl and scores.json.

      keepfit reports evaluate --model runs/reports/checkpoints/best --ffa-ir ffair_annotation.json \\
        --ffa-ir-root FFAIR --out runs/reports-test
    """

  enum Split: String, ChoiceArgument {
    case validation = "val"
    case test
  }

  let model = Option<FilePath>(
    "model", "DIR", required: true, help: "Directory of a report model.")
  let annotation = Option<FilePath>(
    "ffa-ir", "ANNOTATION.json", required: true,
    help:
      "FFA-IR annotation file, or a COCO or JSON Lines file of reports; its training split is used for the "
      + "baselines.")
  let root = Option<FilePath>(
    "ffa-ir-root", "DIR", required: true, help: "Root directory of the image paths of --ffa-ir.")
  let split = Option<Split>("split", "NAME", default: .test, help: "Split to evaluate.")
  let out = Option<FilePath>("out", "DIR", required: true, help: "Output directory.")
  let templateModel = Option<FilePath>(
    "template-model", "M",
    help: "An image-text model, whose zero-shot scores of findings make the template baseline.")
  let templateVocabulary = Option<FilePath>(
    "template-vocab", "FILE", help: "Its vocab.txt; by default the one next to the weights.")
  let templatePrompt = Option<String>(
    "template-prompt", "TEXT", default: PromptTemplates.inference.angiography,
    help: "Its prompt template, with [CLS] for a finding and for \"no FINDING\".",
    check: { $0.contains("[CLS]") ? nil : "must contain [CLS], where the finding goes" })
  let images = DecodingChoices()
  let decoding = DecodingOptionGroup()
  let lexicon = Option<FilePath>(
    "lexicon", "FILE",
    help: "JSON lexicon of findings; by default the built-in one for English angiography reports.")
  let examples = Option<Int>(
    "examples", "N", default: 12, in: 1...1000, help: "Number of studies to show, evenly spaced.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  private static let names = ["report.html", "generated.jsonl", "references.jsonl", "scores.json"]

  func validate() throws {
    try decoding.validate(self)
    if !templateModel.isGiven {
      try refuseIdle(templateVocabulary, templatePrompt, reason: "without --template-model")
    }
    guard root.value.isDirectory else {
      throw CommandError.usage("--ffa-ir-root \(root.value.text): there is no such directory")
    }
    for name in Self.names {
      try FilePath(out.value.text + "/" + name).checkWritable(
        force: overwrite.force.isOn, createsDirectory: true)
    }
  }

  func run() throws {
    let generator = try images.loading(model.value)
    let settings = try decoding.decoding(for: generator)
    let file = try ReportStudies(contentsOf: annotation.value.url)
    let part: SplitPart = split.value == .test ? .test : .validation
    let studies = try file.studies(part)
    let training = try file.studies(.train)
    var options = ReportEvaluation.Options()
    if let file = lexicon.given { options.lexicon = try FindingLexicon(contentsOf: file.url) }
    let probe = try probe(options.lexicon)
    let progress = ProgressBar(
      "Reporting", unit: "studies", total: studies.count + training.count)
    let trial = try ReportTrial(
      generator, studies: studies, training: training, root: root.value.url, decoding: settings,
      seed: decoding.seed.value, options: options, probe: probe
    ) { progress.update(to: $0) }
    progress.interrupt()
    var page = ReportTrialPage(trial, generator: generator)
    page.examples = examples.value
    page.notes = [
      "Model: \(model.value.text)",
      "Studies of \(annotation.value.text): \(Pretty.count(studies.count)) of the split "
        + "'\(split.value.rawValue)', \(Pretty.count(training.count)) for training",
    ]
    try FileManager.default.createDirectory(at: out.value.url, withIntermediateDirectories: true)
    let pairs = trial.evaluation.scored.pairs
    func write(_ name: String, _ text: String) throws {
      try AtomicFile.write(
        text, to: out.value.url.appending(path: name), force: overwrite.force.isOn)
    }
    try write("generated.jsonl", Self.lines(pairs) { $0.hypothesis })
    try write("references.jsonl", Self.lines(pairs) { $0.references[0] })
    try write("scores.json", trial.json.serialized(pretty: true) + "\n")
    try write("report.html", page.page().html())
    Console.note(ReportScoreText(trial.evaluation).text)
    Console.note(Self.comparison(trial))
    Console.print(out.value.text + "/report.html")
  }

  /// The model of the template baseline; nil without one.
  private func probe(_ lexicon: FindingLexicon) throws -> FindingProbe? {
    guard let file = templateModel.given else { return nil }
    let model = try KeepFITModel.load(file.url, vocabulary: templateVocabulary.given?.url)
    let probe = FindingProbe(
      model, prompt: templatePrompt.value,
      preprocessing: try images.applied(to: model.configuration.preprocessing))
    TextWarnings.truncation(of: probe.prompts(lexicon.findingNames), model)
    TextWarnings.collapse(probe.embeddings(lexicon.findingNames).l2Normalized())
    return probe
  }

  /// The model beside its baselines.
  private static func comparison(_ trial: ReportTrial) -> String {
    func number(_ value: Double?) -> String {
      value.map { String(format: "%.4f", $0) } ?? "undefined"
    }
    let metrics: [CaptionMetric] = [.bleu4, .meteor, .rougeL, .cider]
    var table = TextTable(
      ["reports by"] + metrics.map(\.rawValue) + ["finding F1"],
      [.left] + Array(repeating: .right, count: metrics.count + 1))
    for contender in trial.contenders {
      let evaluation = contender.evaluation
      table.add(
        [contender.name] + metrics.map { number(evaluation.scored.corpus[$0]) }
          + [number(evaluation.findings.total.f1)])
    }
    return table.text
      + trial.absent.map { "Without the baseline '\($0.name)': \($0.reason)\n" }.joined()
  }

  private static func lines(_ pairs: [ReportPair], _ text: (ReportPair) -> String) -> String {
    pairs.map {
      JSONValue.object([.init("id", .string($0.id)), .init("text", .string(text($0)))])
        .serialized() + "\n"
    }.joined()
  }
}
