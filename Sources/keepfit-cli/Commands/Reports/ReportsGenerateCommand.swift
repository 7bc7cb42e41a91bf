import Foundation
import KeepFIT

/// `keepfit reports generate`
struct ReportsGenerateCommand: Subcommand {
  static let name = "reports generate"
  static let summary = "Generate reports of angiography images."
  static let discussion = """
    Each image is a separate study, whose report does not depend on the other images. Without --json, a
    line with the file name is followed by the report. --json prints a list of {"image", "text",
    "tokens", "log_probability", "beams": [{"tokens", "text", "log_probability"}]}: beams are sorted best
    first, and the best one is repeated at the top level; tokens exclude the initial 0, and include the
    final 0 if it was generated. Generated reports must not be used for diagnosis.

      keepfit reports generate --model reports --attention attention.png angiogram.jpg
    """

  let model = Option<FilePath>(
    "model", "DIR", required: true, help: "Directory of a report model.")
  let decoding = DecodingOptionGroup()
  let attention = Option<FilePath>(
    "attention", "OUT.png", help: "Write the attention maps of all words, overlaid on the image.")
  let batchSize = Option<Int>(
    "batch-size", "B", default: 16, in: 1...4096, help: "Images per batch.")
  let images = DecodingChoices()
  let badImages = BadImageOptions()
  let json = Flag("json", help: "Print one JSON list.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let inputs = ImageInputs()

  func validate() throws {
    try decoding.validate(self)
    try inputs.validate()
    if let file = attention.given {
      guard file.url.pathExtension.lowercased() == "png" else {
        throw CommandError.usage("--attention \(file.text): must end in .png")
      }
      try file.checkWritable(force: overwrite.force.isOn)
    } else {
      try refuseIdle(overwrite.force, reason: "without --attention")
    }
  }

  func run() throws {
    let given = try inputs.resolve()
    if attention.isGiven, given.count > 64 {
      throw CommandError.usage(
        "--attention supports at most 64 images, \(given.count) were given")
    }
    if badImages.policy.value == .fail {
      for file in given where !ImageAddress.exists(file.url) {
        throw CommandError.usage("\(file.name): there is no such file")
      }
    }
    let generator = try images.loading(model.value)
    let (files, skipped) = try badImages.usable(given) { url throws(ImageError) in
      _ = try FundusImage(contentsOf: url)
    }
    let settings = try decoding.decoding(for: generator)
    let urls = files.map(\.url)
    let progress = ProgressBar("Generating", unit: "reports", total: urls.count)
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
        JSONValue.array(zip(files.map(\.name), reports).map(Self.item)).serialized())
    } else {
      for (file, report) in zip(files, reports) {
        Console.print(file.name + "\n" + report.best.text)
      }
    }
    try BadImageOptions.report(skipped, of: given.count)
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
