import Foundation
import KeepFIT

extension ImagingModality: ChoiceArgument {}

/// `keepfit data import`
struct DataImportCommand: Subcommand {
  static let name = "data import"
  static let summary =
    "Convert a spreadsheet or an image folder to a manifest, and report how it was interpreted."
  static let discussion = """
    SOURCE is a table (.csv, .tsv, .jsonl, .xlsx; commas, semicolons or tabs, UTF-8 or UTF-16) or an image folder
    ('train|val|test/<class>/' or '<class>/'). Columns of images, labels, captions, splits and patients are
    detected by their names; one label per row, lists ("a|b", "['a', 'b']"), a column of 0 and 1 for each
    label, and a column of images for each eye are supported. Missing or differently capitalized extensions,
    backslashes and files in subdirectories are resolved. The summary lists what was used and which rows
    were left out.

    'transfer', 'pretrain' and the 'data' commands take the same sources directly, with the same options.

      keepfit data import grades.csv --root photographs --label-names "0=no diabetic retinopathy;1=mild" \\
        --out manifest.csv
    """

  let source = Positionals("SOURCE", count: 1...1, help: "A table or an image folder.")
  let out = Option<FilePath>(
    "out", "FILE", required: true, help: "Manifest to write: .csv or .jsonl.")
  let root = Option<FilePath>(
    "root", "DIR",
    help: "Root directory of the image paths; by default the directory of the table.")
  let columns = ColumnOptions()
  let split = SplitColumnOption()
  let grouping = GroupingOptions()
  #if DICOM
    let frame = Option<FrameChoice>(
      "frame", "N|all",
      help: "Frame of DICOM files with several, from 1, or all, of which each becomes a row.")
  #endif
  let content = FormOption()
  let modality = Option<ImagingModality>(
    "modality", "NAME", default: .colorFundus, help: "Modality of rows that do not state one.")
  let json = Flag("json", help: "Print the summary as one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    _ = try grouping.grouping()
    guard ["csv", "jsonl"].contains(out.value.url.pathExtension.lowercased()) else {
      throw CommandError.usage("--out \(out.value.text): the name must end in .csv or .jsonl")
    }
    try out.value.checkWritable(force: overwrite.force.isOn)
    if let root = root.given {
      try root.checkDirectory("--root")
      if source.paths[0].isDirectory {
        throw CommandError.usage(
          "--root has no effect: \(source.values[0]) is an image folder, which contains its images")
      }
    }
  }

  private var frames: FrameChoice? {
    #if DICOM
      frame.given
    #else
      nil
    #endif
  }

  func run() throws {
    var dataset = try DatasetImport(
      contentsOf: source.paths[0].url, root: root.given?.url, form: content.form.value,
      modality: modality.value, columns: columns.selection(split: split.column.given),
      frames: frames, grouping: try grouping.grouping())
    try dataset.write(to: out.value.url, force: overwrite.force.isOn)
    if json.isOn {
      Console.print(try JSONText.encode(dataset.summary))
    } else {
      Console.write(Self.text(dataset.summary))
    }
    for item in dataset.summary.dropped {
      Console.warn(
        "\(Pretty.count(item.count, "row")) left out: \(item.reason): "
          + item.examples.joined(separator: "; ") + (item.count > item.examples.count ? "; …" : ""))
    }
    Console.note(
      "Wrote \(out.value.text)"
        + (dataset.isSelfContained
          ? "" : "; its image paths start from \(dataset.manifest.root.relativePath) (--root)"))
  }

  private static func text(_ summary: DatasetImport.Summary) -> String {
    var lines = summary.columns.map { role in
      (role.role == "other" ? "kept, not used: " : "\(role.role): ")
        + "column\(role.columns.count == 1 ? "" : "s") "
        + role.columns.prefix(12).joined(separator: ", ")
        + (role.columns.count > 12 ? ", … (\(role.columns.count))" : "")
    }
    lines.append(
      "rows: \(Pretty.count(summary.rows)), \(Pretty.count(summary.images, "image"))"
        + (summary.captions > 0 ? ", with captions" : ""))
    if !summary.labels.isEmpty {
      lines.append(
        "labels: \(Pretty.count(summary.labels.count))"
          + (summary.isMultilabel ? ", several or none per row" : ", one per row"))
      let sorted = summary.labels.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      lines += sorted.prefix(40).map { "  \($0.key): \(Pretty.count($0.value))" }
      if sorted.count > 40 { lines.append("  … and \(sorted.count - 40) more") }
    }
    if summary.unlabeled > 0 {
      lines.append("without a label: \(Pretty.count(summary.unlabeled, "row"))")
    }
    if !summary.splits.isEmpty {
      lines.append(
        "splits: "
          + SplitPart.allCases.compactMap { part in
            summary.splits[part.rawValue].map { "\(part.rawValue) \(Pretty.count($0))" }
          }.joined(separator: ", "))
    }
    if let patients = summary.patients { lines.append("patients: \(Pretty.count(patients))") }
    return lines.joined(separator: "\n") + "\n"
  }
}
