import Foundation
import KeepFIT

/// `keepfit data stats`
struct DataStatsCommand: Subcommand {
  static let name = "data stats"
  static let summary =
    "Compute statistics of image-text datasets: contents, words, text lengths, findings, overlap."
  static let discussion = """
    Prints the number of texts, the vocabulary size, the mean length and the lexical diversity of each set of texts: one
    for each manifest and language. --out writes report.html with the word cloud, the histogram of text lengths and
    vocabulary over mean length, the same as SVG, and tables (CSV, JSON): counts by source and modality, words,
    findings, overlap between sets, missing and duplicate items.

    Words are runs of letters, digits and underscores, case-sensitive; Chinese is counted in characters.

      keepfit data stats CFP.csv FFA.csv --root atlas --out statistics
    """
  let data = DatasetOptions()
  let content = FormOption()
  let columns = ColumnOptions()
  let out = Option<FilePath>(
    "out", "DIR",
    help: "Output directory for the report (HTML), tables (CSV, JSON) and figures (SVG)."
  )
  let json = Flag("json", help: "Print one JSON list.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    let manifests = try data.resolve().map { source in
      let (manifest, problems) = try Manifest.read(
        contentsOf: source.file, root: source.root, form: content.form.value,
        columns: columns.selection())
      if manifest.rows.isEmpty {
        throw TextFileError(
          file: source.file.path,
          problems: problems.isEmpty
            ? [TextProblem(line: nil, message: "the manifest has no rows")] : problems)
      }
      if !problems.isEmpty {
        Console.note(
          "\(source.file.lastPathComponent): \(problems.count) line\(problems.count == 1 ? "" : "s") left out, "
            + "such as \(problems[0])")
      }
      return (manifest: manifest, problems: problems)
    }
    let statistics = DatasetStatistics(manifests)
    if json.isOn {
      Console.print(try JSONText.encode(statistics.sets))
    } else {
      Console.write(statistics.summaryCSV())
    }
    if let folder = out.given {
      let files = try DatasetReport(statistics).write(
        to: folder.url, force: overwrite.force.isOn)
      Console.note("Wrote \(Pretty.count(files.count, "file")) to \(folder.text)")
    }
  }
}
