import Foundation
import KeepFIT

extension ReportGeneratorConfiguration.Preset: ChoiceArgument {}

/// `keepfit reports init`
struct ReportsInitCommand: Subcommand {
  static let name = "reports init"
  static let summary = "Write a new report model directory, to train with 'reports train'."
  static let discussion = """
    The vocabulary contains the words that occur at least --threshold times in the training reports, with
    each case counted once; no images are needed. The image encoder comes from a KeepFIT, FLAIR or torchvision
    checkpoint whose ResNet has the preset's architecture (ResNet-50 for 'base'), or from a KeepFIT model
    directory of any size; the transformer is randomly initialized.

      keepfit reports init --vision keepfit.pth --ffa-ir ffair_annotation.json --out report-model
    """

  let preset = Option<ReportGeneratorConfiguration.Preset>(
    "preset", "NAME", default: .base, help: "Model size; 'base' is the published architecture.")
  let vision = Option<String>(
    "vision", "FILE|none", required: true,
    help:
      "Source of the image encoder: a checkpoint, a model directory, or none for random weights.")
  let annotation = Option<FilePath>(
    "ffa-ir", "ANNOTATION.json", required: true,
    help: "FFA-IR annotation file, or a COCO or JSON Lines file of reports.")
  let out = Option<FilePath>("out", "DIR", required: true, help: "Directory to write.")
  let threshold = Option<Int>(
    "threshold", "N", default: ReportVocabulary.publishedThreshold, in: 1...1_000_000,
    help: "Minimum number of occurrences of a word in the training reports.")
  let seed = Option<UInt64>("seed", "N", default: 9233, help: "Random seed.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    let cases = try ReportStudies(contentsOf: annotation.value.url)
      .studies(.train, needsImages: false)
    let vocabulary = ReportVocabulary(
      counting: cases.map(\.text), threshold: threshold.value)
    var configuration = ReportGeneratorConfiguration(preset.value)
    let source = try trunk(&configuration)
    let generator = try ReportGenerator(
      configuration, vocabulary: vocabulary,
      initialization: .random(RandomStream(seed: seed.value)))
    if let source { try generator.model.loadVisionWeights(source.url) }
    try generator.save(to: out.value.url, force: overwrite.force.isOn)
    Console.note(
      "Counted \(Pretty.count(cases.count)) training reports: \(Pretty.count(vocabulary.count)) words "
        + "occur \(threshold.value) times or more, '<unk>' included")
    if vocabulary.count == 1 {
      Console.warn(
        "no word occurs \(threshold.value) times, so every word is '<unk>'; lower --threshold")
    }
    let count = generator.model.parameters.reduce(0) { $0 + $1.parameter.value.count }
    Console.note(
      "Wrote a report model of \(Pretty.count(count)) parameters to \(out.value.text); its "
        + (source == nil ? "weights are random" : "transformer is randomly initialized")
        + ": train it with 'keepfit reports train'")
  }

  /// The architecture that the configuration of an image-text model, or of a report model, tells; nil for FLAIR's
  /// published directory, which tells none.
  /// - Throws: `CheckpointError` for any other file.
  private static func vision(of file: FilePath) throws -> (architecture: String, width: Int?)? {
    let mapped = try MappedFile(contentsOf: file.url)
    guard mapped.count <= 1 << 20 else {
      throw CommandError.usage(
        "--vision: \(file.text) has \(mapped.count) bytes, more than the limit of \(1 << 20)")
    }
    let bytes = mapped.bytes(in: 0..<mapped.count)
    let value = try? JSONValue(parsing: bytes)
    if value?["kind"]?.text == ReportGeneratorConfiguration.kind {
      let vision = try ReportGeneratorConfiguration(json: bytes, source: file.text).vision
      return (vision.architecture, vision.width)
    }
    if value?["vision_type"] != nil { return nil }
    let vision = try KeepFITConfiguration(json: bytes, source: file.text).vision
    return (vision.architecture, vision.width)
  }

  /// The file of the image encoder, whose architecture a model directory tells; nil for none.
  private func trunk(_ configuration: inout ReportGeneratorConfiguration) throws -> FilePath? {
    guard vision.value != "none" else { return nil }
    let path = FilePath(vision.value)
    guard path.isDirectory else { return path }
    let weights = FilePath(path.text + "/model.safetensors")
    guard weights.exists else {
      throw CommandError.usage("--vision \(path.text): the directory contains no model.safetensors")
    }
    let file = FilePath(path.text + "/config.json")
    guard file.exists else { return weights }
    if let (architecture, width) = try Self.vision(of: file) {
      configuration.vision.architecture = architecture
      configuration.vision.width = width
    }
    return weights
  }
}
