import Foundation
import KeepFIT

/// `keepfit classify`
struct ClassifyCommand: Subcommand {
  static let name = "classify"
  static let summary = "Classify images zero-shot by label names, or with a fitted adapter."
  static let discussion = """
      keepfit classify --model keepfit.pth --vocab vocab.txt \\
        --labels "normal;diabetic retinopathy;macular hole" photograph.jpg folder
      keepfit classify --model model --adapter DIR --out predictions.csv folder

    Without --knowledge all prompts are tokenized together, as in the published model. With it, each
    label is represented by an ensemble of descriptions, tokenized label by label. --json prints a list
    of {"image", "label", "labels", "logits", "probabilities", "quality"}, with "prediction_set",
    "laterality", "modality" and "pixel_spacing_mm" where known. Results are printed as they become available.

    --out writes a row per image: image, label, the probability of each label, laterality (left or right,
    if the DICOM file, the table or the file name tells), quality (ok, or blurred, dark, overexposed, field-cut,
    not-color-fundus) and, if there are DICOM files, modality and pixel_spacing_mm (rows;columns).
    After an interruption, the same command with --resume classifies the images that are not in the file.

    --independent scores each finding against its absence ("no FINDING"), so that an image may have none
    or several; label holds those with a probability of 0.5 or more, separated by semicolons.

    --precision int8 cannot be combined with a fine-tuned adapter, whose image encoder has weights that
    'keepfit quantize' has not seen.
    """

  let models = ModelOptions()
  let labels = Option<String>("labels", "A;B;…", help: "Labels, separated by semicolons.")
  let independent = Flag(
    "independent", help: "Score each label independently, against its absence (\"no …\").")
  let knowledge = KnowledgeOptions(defaultTable: "none")
  let adapter = Option<FilePath>(
    "adapter", "DIR",
    help: "Adapter written by 'transfer --save-adapters'; it contains its labels.")
  let conformal = Option<Double>(
    "conformal", "ALPHA", in: 0.001...0.5,
    help:
      "Add conformal prediction sets, which contain the true label of at least 1 - ALPHA of the images "
      + "(for an adapter saved with validation images).")
  let images = ImageOptions()
  let badImages = BadImageOptions()
  let precision = PrecisionOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", default: 8, in: 1...4096, help: "Images per batch.")
  let json = Flag("json", help: "Print one JSON list.")
  let predictions = PredictionOptions()
  let common = CommonOptions()
  let inputs = ImageInputs()

  private var names: [String] {
    (labels.given ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  func validate() throws {
    try precision.validate()
    try inputs.validate()
    try predictions.validate(json: json)
    if adapter.given != nil {
      if labels.given != nil {
        throw CommandError.usage(
          "--labels and --adapter are mutually exclusive: an adapter contains its labels")
      }
      try refuseIdle(knowledge, independent, reason: "with --adapter, which uses no text")
      return
    }
    try refuseIdle(conformal, reason: "without --adapter DIR: it needs validation images")
    guard labels.given != nil else {
      throw CommandError.usage("--labels A;B;… is missing: the labels, separated by semicolons")
    }
    guard names.count >= (independent.isOn ? 1 : 2) else {
      throw CommandError.usage(
        "--labels '\(labels.value)' must contain at least \(independent.isOn ? "one label" : "two labels, separated by semicolons")"
      )
    }
    if names.contains("") {
      throw CommandError.usage("--labels '\(labels.value)' contains an empty label")
    }
    if let (name, same) = ImageClassifier.repeated(in: names) {
      throw CommandError.usage(
        "--labels '\(labels.value)' contains '\(name)' twice"
          + (same == name ? "" : ", once as '\(same)'"))
    }
    if independent.isOn { for name in names { _ = try ImageClassifier.pair(name) } }
  }

  func run() throws {
    let files = try inputs.resolve()
    let model = try models.load()
    let fitted = try adapter.given.map { try Adapter(contentsOf: $0.url) }
    try precision.apply(to: model, of: models.model.value, adapter: fitted)
    let preprocessing = try images.preprocessing(for: model, adapter: fitted)
    let classifier =
      try fitted.map {
        try ImageClassifier($0, model: model, errorRate: conformal.given)
      } ?? zeroShot(model)
    if classifier.temperature != 1, let images = fitted?.calibration?.images {
      Console.note(
        String(
          format: "Note: logits are divided by the adapter's temperature %.3f, ",
          classifier.temperature)
          + "fitted on \(Pretty.count(images, "validation image"))")
    }
    let file = try predictions.out.given.map {
      try PredictionFile(
        $0.url, existing: predictions.existing, labels: classifier.labels,
        hasQuality: !predictions.noQuality.isOn, hasSet: conformal.given != nil,
        hasAcquisition: AcquisitionInfo.isStated(byAnyOf: files),
        settings: settings(classifier, model: model, preprocessing: preprocessing))
    }
    try classify(
      remaining(of: files, file), classifier, preprocessing,
      to: PredictionOutput(file, isJSON: json.isOn), file: file)
  }

  /// The images that are not in the file yet.
  private func remaining(
    of files: [ImageList.Item], _ file: PredictionFile?
  ) -> [ImageList.Item] {
    guard var finished = file?.finished, !finished.isEmpty else { return files }
    let rest = files.filter { item in
      guard let count = finished[item.name], count > 0 else { return true }
      finished[item.name] = count - 1
      return false
    }
    Console.note("Resuming: \(files.count - rest.count) of \(files.count) images are done")
    return rest
  }

  private func classify(
    _ files: [ImageList.Item], _ classifier: ImageClassifier, _ preprocessing: Preprocessing,
    to output: PredictionOutput, file: PredictionFile?
  ) throws {
    defer { output.close() }
    let progress = ProgressBar("Classifying", unit: "images", total: files.count)
    let quality =
      predictions.noQuality.isOn ? nil : QualityTally(decoding: preprocessing.decoding)
    defer { quality?.report(of: files.count) }
    var skipped: [SkippedImage] = []
    var done = 0
    do {
      try preprocessing.forEachBatch(
        of: files.map(\.url), size: batchSize.value, onBadImage: badImages.policy.value
      ) { batch in
        skipped += batch.skipped
        if !batch.positions.isEmpty {
          let found = quality?.check(batch.positions.map { files[$0] })
          var rows = try classifier.predictions(
            batch.pixels, images: batch.positions.map { files[$0].name }, quality: found)
          for (row, position) in batch.positions.enumerated() {
            rows[row].laterality = files[position].laterality ?? rows[row].laterality
            rows[row].acquisition = AcquisitionInfo(contentsOf: files[position].url)
          }
          try output.add(rows)
          done += batch.positions.count
        }
        progress.update(to: done + skipped.count)
      }
    } catch {
      // What there is stays usable, and can be resumed.
      try? file?.finish()
      throw error
    }
    try file?.finish()
    if files.count > 20 { progress.finish() } else { progress.interrupt() }
    if let file, let out = predictions.out.given {
      Console.note("Wrote \(out.text): \(Pretty.count(file.count, "image"))")
    }
    try BadImageOptions.report(skipped, of: files.count)
  }

  private func zeroShot(_ model: KeepFITModel) throws -> ImageClassifier {
    let names = names
    let table = try knowledge.table()
    let template = knowledge.prompt.given ?? model.configuration.caption
    let classes = independent.isOn ? try names.flatMap(ImageClassifier.pair) : names
    TextWarnings.prompts(
      of: classes, table: table, isChosen: knowledge.knowledge.isGiven, template: template,
      model)
    let classifier = try ImageClassifier(
      labels: names, model: model, prompt: template, knowledge: table,
      independent: independent.isOn)
    if let texts = classifier.textEmbeddings { TextWarnings.collapse(texts.l2Normalized()) }
    return classifier
  }
}
