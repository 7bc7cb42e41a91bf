import Foundation
import KeepFIT

/// `keepfit classify`
struct ClassifyCommand: Subcommand {
  static let name = "classify"
  static let summary = "Classify images zero-shot by label names, or with a fitted adapter."
  static let discussion = """
      keepfit classify --model keepfit.pth --vocab vocab.txt \\
        --labels "normal;diabetic retinopathy;macular hole" photograph.jpg folder

    Without --knowledge all prompts are tokenized together, as in the published model. With it, each
    label is represented by an ensemble of descriptions, tokenized label by label. --json prints a list
    of {"image", "labels", "logits", "probabilities"}. Results are printed as they become available.

    --precision int8 cannot be combined with a fine-tuned adapter, whose image encoder has weights that
    'keepfit calibrate' has not seen.
    """

  let models = ModelOptions()
  let labels = Option<String>("labels", "A;B;…", help: "Labels, separated by semicolons.")
  let knowledge = KnowledgeOptions(defaultTable: "none")
  let adapter = Option<FilePath>(
    "adapter", "DIR",
    help: "Adapter written by 'transfer --save-adapters'; it contains its labels.")
  let images = ImageOptions()
  let badImages = BadImageOptions()
  let precision = PrecisionOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", default: 8, in: 1...4096, help: "Images per batch.")
  let json = Flag("json", help: "Print one JSON list.")
  let common = CommonOptions()
  let inputs = ImageInputs()

  private var names: [String] {
    (labels.given ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  func validate() throws {
    try precision.validate()
    try inputs.validate()
    if adapter.given != nil {
      if labels.given != nil {
        throw CommandError.usage(
          "--labels and --adapter are mutually exclusive: an adapter contains its labels")
      }
      try refuseIdle(knowledge, reason: "with --adapter, which uses no text")
      return
    }
    guard labels.given != nil else {
      throw CommandError.usage("--labels A;B;… is missing: the labels, separated by semicolons")
    }
    guard names.count >= 2 else {
      throw CommandError.usage(
        "--labels '\(labels.value)' must contain at least two labels, separated by semicolons")
    }
    if names.contains("") {
      throw CommandError.usage("--labels '\(labels.value)' contains an empty label")
    }
    for (index, name) in names.enumerated() {
      if let same = names[..<index].first(where: { $0.lowercased() == name.lowercased() }) {
        throw CommandError.usage(
          "--labels '\(labels.value)' contains '\(name)' twice"
            + (same == name ? "" : ", once as '\(same)'"))
      }
    }
  }

  func run() throws {
    let files = try inputs.resolve()
    let model = try models.load()
    try precision.apply(to: model, of: models.model.value)
    let fitted = try adapter.given.map { try Adapter(contentsOf: $0.url) }
    if precision.precision.value == .int8, fitted?.method == .fineTune {
      throw CommandError.usage(
        "--precision int8: the adapter contains a fine-tuned image encoder, but the calibration was made "
          + "for the original weights; omit --precision int8")
    }
    let preprocessing = try images.preprocessing(for: model, adapter: fitted)
    let score = try fitted.map { try scorer($0, model) } ?? zeroShotScorer(model)
    let urls = files.map(\.url)
    let progress = ProgressBar("Classifying", unit: "images", total: urls.count)
    var skipped: [SkippedImage] = []
    var printed = 0
    if json.isOn { Console.write("[") }
    // Close the list even after an error, so that it is valid JSON.
    defer { if json.isOn { Console.print("]") } }
    try preprocessing.forEachBatch(
      of: urls, size: batchSize.value, onBadImage: badImages.policy.value
    ) { batch in
      skipped += batch.skipped
      if !batch.positions.isEmpty {
        let result = try score(batch.pixels)
        for (row, position) in batch.positions.enumerated() {
          show(result, row: row, file: files[position].name, isFirst: printed == 0)
          printed += 1
        }
      }
      progress.update(to: printed + skipped.count)
    }
    if urls.count > 20 { progress.finish() } else { progress.interrupt() }
    try BadImageOptions.report(skipped, of: urls.count)
  }

  private func zeroShotScorer(_ model: KeepFITModel) throws -> (Tensor) throws -> Classification {
    let names = names
    let table = try knowledge.table()
    let template = knowledge.prompt.given ?? model.configuration.caption
    let prompts = names.flatMap { table?.ensemble(for: $0, rule: .keepFIT) ?? [$0] }
      .map { ReportTemplates.prompt(template, category: $0) }
    TextWarnings.truncation(of: prompts, model)
    let texts = model.labelEmbeddings(names, prompt: template, knowledge: table)
    TextWarnings.collapse(texts.l2Normalized())
    return { pixels in
      model.classify(
        embeddings: model.imageEmbeddings(pixels), labels: names, labelEmbeddings: texts)
    }
  }

  private func scorer(
    _ adapter: Adapter, _ model: KeepFITModel
  ) throws -> (Tensor) throws -> Classification {
    let encoder = KeepFITTransferModel(model)
    return { pixels in
      Classification(
        labels: adapter.classes, logits: try adapter.logits(pixels, model: encoder))
    }
  }

  private func show(_ result: Classification, row: Int, file: String, isFirst: Bool) {
    guard json.isOn else {
      Console.write((isFirst ? "" : "\n") + file + "\n" + Self.table(result, row: row))
      return
    }
    let item = JSONValue.object([
      .init("image", .string(file)),
      .init("labels", .array(result.labels.map { .string($0) })),
      .init("logits", .floats(result.logits[row])),
      .init("probabilities", .floats(result.probabilities[row])),
    ])
    Console.write((isFirst ? "" : ",\n") + item.serialized())
  }

  private static func table(_ result: Classification, row: Int) -> String {
    var table = TextTable(["", "probability", "logit", "label"], [.left, .right, .right, .left])
    let order = result.labels.indices.sorted {
      result.probabilities[row][$0] > result.probabilities[row][$1]
    }
    for label in order {
      table.add([
        "", String(format: "%.4f", result.probabilities[row][label]),
        String(format: "%.3f", result.logits[row][label]), result.labels[label],
      ])
    }
    return table.text
  }
}
