import Foundation
import KeepFIT

/// `keepfit reports loss`
struct ReportsLossCommand: Subcommand {
  static let name = "reports loss"
  static let summary = "Measure a report model's loss on studies with reports."
  static let discussion = """
    The loss is -log p of every word of every report, divided by the number of words: without dropout,
    with running statistics, on whole images. It does not depend on --batch-size. A row of the manifest is
    {"id", "images": [path], "text", "split"}; every row counts, whatever its split, and the patch
    features of a study's images are averaged. FFA-IR annotation and COCO files are read too.

      keepfit reports loss --model report-model --manifest test.jsonl --root images --json
    """

  let model = Option<FilePath>("model", "DIR", required: true, help: "Directory of a report model.")
  let manifest = Option<FilePath>(
    "manifest", "FILE", required: true, help: "Studies with reports: JSON Lines, FFA-IR or COCO.")
  let root = Option<FilePath>(
    "root", "DIR", required: true, help: "Root directory of the image paths.")
  let batchSize = Option<Int>(
    "batch-size", "B", default: 16, in: 1...65536, help: "Studies per batch.")
  let images = DecodingChoices()
  let json = Flag("json", help: "Print a JSON object with loss and tokens.")
  let common = CommonOptions()

  func run() throws {
    let file = try ReportStudies(contentsOf: manifest.value.url)
    let studies = try file.studies(nil)
    guard root.value.isDirectory else {
      throw CommandError.usage("--root \(root.value.text): there is no such directory")
    }
    let missing = ReportSamples(images: studies, root: root.value.url).missing
    if let first = missing.first {
      throw CommandError.usage(
        first.reason
          + (missing.count > 1 ? ", and \(missing.count - 1) more images are missing" : ""))
    }
    let generator = try images.loading(model.value)
    let progress = ProgressBar("Loss", unit: "studies", total: studies.count)
    let result = try generator.loss(
      on: studies, root: root.value.url, batchSize: batchSize.value
    ) { progress.update(to: $0) }
    progress.finish()
    if json.isOn {
      Console.print(
        JSONValue.object([
          .init("loss", .double(result.loss)), .init("tokens", .integer(result.tokens)),
        ]).serialized())
    } else {
      Console.print(
        String(
          format: "loss %.6f over %d words of %d studies", result.loss, result.tokens,
          studies.count))
    }
  }
}
