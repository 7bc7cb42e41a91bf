import Foundation
import KeepFIT

/// `keepfit reports generate`
struct ReportsGenerateCommand: Subcommand {
  static let name = "reports generate"
  static let summary = "Write the reports of angiography images."
  static let discussion = """
    Each image is a study of its own; reports do not depend on which images are given together. Without
    --json a line with the file is followed by its report. --json prints a list of {"image", "text",
    "tokens", "log_probability", "beams": [{"tokens", "text", "log_probability"}]}: the beams best first,
    the best one repeated on top; tokens without the opening 0, with the closing 0 if it was written.
    The text is written by a model and must not be used for diagnosis.

      keepfit reports generate --model reports --attention attention.png angiogram.jpg
    """

  let model = Option<FilePath>(
    "model", "DIR", required: true, help: "The directory of a report model.")
  let decoding = DecodingOptionGroup()
  let attention = Option<FilePath>(
    "attention", "OUT.png", help: "Show where the model looked for each word, over the image.")
  let batchSize = Option<Int>(
    "batch-size", "B", default: 16, in: 1...4096, help: "Images that are worked on together.")
  let json = Flag("json", help: "Print one JSON list.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let files = Positionals(
    "IMAGE", count: 1...1_000_000, help: "Angiography images: JPEG, PNG, TIFF or PPM.")

  func validate() throws {
    try decoding.validate(self)
    if let file = attention.given {
      guard file.url.pathExtension.lowercased() == "png" else {
        throw CommandError.usage("--attention \(file.text): must end in .png")
      }
      try file.checkWritable(force: overwrite.force.isOn)
      if files.values.count > 64 {
        throw CommandError.usage(
          "--attention draws up to 64 images below each other, \(files.values.count) were given")
      }
    } else {
      try refuseIdle(overwrite.force, reason: "without --attention")
    }
    for file in files.paths where !file.exists || file.isDirectory {
      throw CommandError.usage(
        "\(file.text): \(file.exists ? "is a directory, an image was expected" : "no such file")")
    }
  }

  func run() throws {
    let generator = try ReportGenerator.load(model.value.url)
    let settings = try decoding.decoding(for: generator)
    let urls = files.paths.map(\.url)
    let progress = ProgressBar("Writing", unit: "reports", total: urls.count)
    let reports = try generator.generate(
      contentsOf: urls, decoding: settings, seed: decoding.seed.value, batchSize: batchSize.value
    ) { progress.update(to: $0) }
    progress.interrupt()
    if let file = attention.given {
      let studies = try zip(urls, reports).map {
        try generator.attention(contentsOf: $0, report: $1.best)
      }
      try AttentionFigure.draw(studies).writePNG(to: file.url, force: overwrite.force.isOn)
      Console.note("Wrote \(file.text)")
    }
    if json.isOn {
      Console.print(
        JSONValue.array(zip(files.values, reports).map(Self.item)).serialized())
    } else {
      for (file, report) in zip(files.values, reports) {
        Console.print(file + "\n" + report.best.text)
      }
    }
  }

  private static func item(_ file: String, _ report: GeneratedReport) -> JSONValue {
    func members(_ beam: GeneratedReport.Beam) -> [JSONValue.Member] {
      [
        .init("text", .string(beam.text)),
        .init("tokens", .array(beam.tokens.map { .integer(Int($0)) })),
        .init("log_probability", .double(beam.logProbability)),
      ]
    }
    return .object(
      [.init("image", .string(file))] + members(report.best)
        + [.init("beams", .array(report.beams.map { .object(members($0)) }))])
  }
}
