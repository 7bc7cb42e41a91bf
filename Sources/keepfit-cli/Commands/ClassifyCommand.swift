import Foundation
import KeepFIT

/// `keepfit classify`
struct ClassifyCommand: Subcommand {
  static let name = "classify"
  static let summary = "Score pictures against labels, without training or with a fitted adapter."
  static let discussion = """
      keepfit classify --model keepfit.pth --vocab vocab.txt \\
        --labels "normal;diabetic retinopathy;macular hole" photograph.jpg

    Without --knowledge all prompts are tokenised in one call, as the published model does. With it
    each label stands for an ensemble of descriptions, tokenised label by label. --json prints a list
    of {"image", "labels", "logits", "probabilities"}.
    """

  let models = ModelOptions()
  let labels = Option<String>("labels", "A;B;…", help: "The labels, separated by semicolons.")
  let knowledge = KnowledgeOptions(defaultTable: "none")
  let adapter = Option<FilePath>(
    "adapter", "DIR",
    help: "An adapter that 'transfer --save-adapters' fitted; it knows its labels.")
  let images = ImageOptions()
  let precision = PrecisionOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", default: 8, in: 1...4096, help: "Pictures that are worked at once.")
  let json = Flag("json", help: "Print one JSON list.")
  let common = CommonOptions()
  let files = Positionals("IMAGE", count: 1...Int.max, help: "Pictures: JPEG, PNG, TIFF or PPM.")

  private var names: [String] {
    (labels.given ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  func validate() throws {
    if adapter.given != nil {
      if labels.given != nil {
        throw CommandError.usage(
          "--labels and --adapter exclude each other: an adapter has its labels")
      }
      return
    }
    guard labels.given != nil else {
      throw CommandError.usage("--labels A;B;… is missing: the labels, separated by semicolons")
    }
    guard names.count >= 2 else {
      throw CommandError.usage(
        "--labels '\(labels.value)' must hold at least two labels, separated by semicolons")
    }
  }

  func run() throws {
    let model = try models.load()
    try precision.apply(to: model, of: models.model.value)
    let fitted = try adapter.given.map { try Adapter(contentsOf: $0.url) }
    if precision.precision.value == .int8, fitted?.method == .fineTune {
      throw CommandError.usage(
        "--precision int8: the adapter has fine-tuned the image encoder, and the calibration was made "
          + "for the weights before; leave --precision int8 out")
    }
    let preprocessing = try images.preprocessing(for: model, adapter: fitted)
    let urls = files.paths.map(\.url)
    let result: Classification
    if let fitted {
      result = try classify(urls, with: fitted, model, preprocessing)
    } else {
      let table = try knowledge.table()
      let texts = model.labelEmbeddings(names, prompt: knowledge.prompt.given, knowledge: table)
      let progress = ProgressBar("Classifying", unit: "pictures", total: urls.count)
      let embeddings = try model.imageEmbeddings(
        contentsOf: urls, preprocessing: preprocessing, batchSize: batchSize.value
      ) { progress.update(to: $0) }
      if urls.count > 20 { progress.finish() }
      result = model.classify(embeddings: embeddings, labels: names, labelEmbeddings: texts)
    }
    if json.isOn { printJSON(result) } else { printTable(result) }
  }

  private func classify(
    _ urls: [URL], with adapter: Adapter, _ model: KeepFITModel, _ preprocessing: Preprocessing
  ) throws -> Classification {
    let tower = KeepFITTransferModel(model)
    var logits: [Tensor] = []
    for start in stride(from: 0, to: urls.count, by: batchSize.value) {
      let batch = Array(urls[start..<min(urls.count, start + batchSize.value)])
      logits.append(
        try adapter.logits(try preprocessing.prepare(contentsOf: batch), model: tower))
    }
    return Classification(labels: adapter.classes, logits: Tensor.concatenated(logits))
  }

  private func printJSON(_ result: Classification) {
    let labels = JSONValue.array(result.labels.map { .string($0) })
    let items = files.values.indices.map { index in
      JSONValue.object([
        .init("image", .string(files.values[index])),
        .init("labels", labels),
        .init("logits", .floats(result.logits[index])),
        .init("probabilities", .floats(result.probabilities[index])),
      ])
    }
    Console.print(JSONValue.array(items).serialized())
  }

  private func printTable(_ result: Classification) {
    for (index, file) in files.values.enumerated() {
      if index > 0 { Console.print("") }
      Console.print(file)
      var table = TextTable(["", "probability", "logit", "label"], [.left, .right, .right, .left])
      let order = result.labels.indices.sorted {
        result.probabilities[index][$0] > result.probabilities[index][$1]
      }
      for label in order {
        table.add([
          "", String(format: "%.4f", result.probabilities[index][label]),
          String(format: "%.3f", result.logits[index][label]), result.labels[label],
        ])
      }
      Console.write(table.text)
    }
  }
}
