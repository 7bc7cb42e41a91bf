import Foundation
import KeepFIT
import Synchronization

/// Datasets: manifests, tables and image folders, with the root directories of their image paths.
struct DatasetOptions: OptionGroup {
  let sources = Positionals(
    "SOURCE", count: 0...100_000,
    help:
      "Datasets: tables (.csv, .tsv, .jsonl, .xlsx) and image folders ('train|val|test/<class>/' or '<class>/')."
  )
  let manifests = RepeatedOption<FilePath>(
    "manifest", "FILE", help: "The same as SOURCE (repeatable).")
  let roots = RepeatedOption<FilePath>(
    "root", "DIR",
    help:
      "Root directory of the image paths: one for all tables, or one for each; by default each table's directory."
  )

  /// A dataset.
  typealias Source = (file: URL, root: URL?)

  /// The datasets with their roots: those of the arguments, then those of `--manifest`.
  func resolve() throws -> [Source] {
    let files = sources.paths + manifests.values
    guard !files.isEmpty else {
      throw CommandError.usage("SOURCE is missing: \(sources.help.uncapitalized)")
    }
    let folders = roots.values
    guard folders.count <= 1 || folders.count == files.count else {
      throw CommandError.usage(
        "--root must be given once for all tables, or once for each: \(files.count) tables, "
          + "\(folders.count) roots")
    }
    for folder in folders { try folder.checkDirectory("--root") }
    if !folders.isEmpty, files.allSatisfy(\.isDirectory) {
      throw CommandError.usage(
        "--root has no effect: \(files[0].text) is an image folder, which contains its images")
    }
    return files.indices.map { index in
      (
        files[index].url,
        folders.isEmpty ? nil : folders[folders.count == 1 ? 0 : index].url
      )
    }
  }
}

extension Manifest.Form: ChoiceArgument {}

/// `--form`
struct FormOption: OptionGroup {
  let form = Option<Manifest.Form>(
    "form", "FORM", default: .automatic, help: "Content of the rows.")
}

/// The first ten problems, and the number of further ones.
enum ProblemList {
  static func lines(_ problems: [String], limit: Int = 10) -> [String] {
    let rest = problems.count - limit
    return problems.prefix(limit) + (rest > 0 ? ["… and \(rest) more"] : [])
  }
}

/// A progress bar that several threads can advance.
final class SharedProgress: Sendable {
  private let bar: Mutex<ProgressBar>

  init(_ label: String, unit: String, total: Int = 0) {
    bar = Mutex(ProgressBar(label, unit: unit, total: total))
  }

  func update(_ done: Int, _ total: Int) {
    bar.withLock { bar in
      bar.total = total
      bar.update(to: max(done, bar.done))
    }
  }

  func finish(_ sentence: String) { bar.withLock { $0.finish(sentence) } }
}

/// `keepfit data validate`
struct DataValidateCommand: Subcommand {
  static let name = "data validate"
  static let summary = "Validate manifests and their images, and report all problems at once."
  static let discussion = """
    Finds invalid rows, missing captions, missing and unreadable images, labels that look like spelling
    variants, images with two labels, and overlap between several manifests (or the parts of a 'split'
    column): identical images, near duplicates (64-bit difference hashes at most 4 bits apart and 16 x 16
    thumbnails at most 3 gray levels apart), and patients, by a column such as 'patient_id' or by the file
    names of left and right eyes. The exit code is 2 if a problem would stop training.

      keepfit data validate train.csv test.csv --root images
      keepfit data validate folder
    """
  let data = DatasetOptions()
  let content = FormOption()
  let columns = ColumnOptions()
  let split = SplitColumnOption()
  let grouping = GroupingOptions()
  let quick = Flag(
    "no-decode",
    help: "Check only that images exist, without decoding them or looking for near duplicates.")
  let noDuplicates = Flag(
    "no-duplicates", help: "Do not look for duplicates, for very large datasets.")
  let json = Flag("json", help: "Print one JSON object.")
  let common = CommonOptions()

  func validate() throws { _ = try grouping.grouping() }

  func run() throws {
    let selection = columns.selection(split: split.column.given)
    let sources = try data.resolve().map {
      ManifestValidation.Source(
        file: $0.file, root: $0.root, form: content.form.value, columns: selection)
    }
    let progress = SharedProgress("Checking", unit: "images")
    let result = ManifestValidation(
      checking: sources, decodesImages: !quick.isOn,
      findsDuplicates: !noDuplicates.isOn, grouping: try grouping.grouping(),
      progress: progress.update)
    progress.finish(
      "Checked \(Pretty.count(result.rows, "row")), \(Pretty.count(result.images, "image"))")
    if json.isOn {
      Console.print(try JSONText.encode(result))
    } else {
      for kind in ManifestValidation.Kind.allCases {
        let found = result.findings.filter { $0.kind == kind }
        let word = kind.isError ? "error" : "note"
        for line in ProblemList.lines(found.map { "\(word): \($0)" }) { Console.print(line) }
      }
      if let patients = result.patients { Console.print("\(patients)") }
      Console.print(
        result.findings.isEmpty
          ? "no problems found"
          : result.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            .joined(separator: ", "))
    }
    if !result.isSound {
      let errors = result.findings.count { $0.kind.isError }
      throw CommandError.usage(
        "\(sources.map(\.file.lastPathComponent).joined(separator: ", ")): "
          + "\(errors) problem\(errors == 1 ? "" : "s") would stop training")
    }
  }
}

/// `keepfit data resize`
struct DataResizeCommand: Subcommand {
  static let name = "data resize"
  static let summary = "Resize the images of manifests ahead of training."
  static let discussion = """
    Writes the images to the same paths below --out, with a record of the settings. Existing files with
    the same settings are skipped, so that an interrupted run can be resumed; different settings are
    refused unless --force is given, which rewrites all images. Roots that share a path need an --out each.
    Labels and captions are not read.
    """
  let data = DatasetOptions()
  let column = RepeatedOption<String>(
    "image-column", "NAME",
    help:
      "Column with the image paths, by default found by its name; given twice, the columns of left and right eyes."
  )
  let out = Option<FilePath>(
    "out", "DIR", required: true, help: "Root directory of the resized images.")
  let size = Option<Int>(
    "size", "S", default: 512, in: 32...8192, help: "Length of the longer side in pixels.")
  let quality = Option<Int>(
    "quality", "Q", default: 75, in: 1...100, help: "JPEG quality.")
  let decoding = DecodingChoices()
  let crop = CropOption()
  let badImages = BadImageOptions()
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    var selection = ColumnSelection()
    selection.images = column.values
    let manifests = try data.resolve().map {
      try Manifest(contentsOf: $0.file, root: $0.root, form: .images, columns: selection)
    }
    var resize = OfflineResize(imageSize: size.value)
    resize.jpegQuality = quality.value
    resize.preprocessing = try crop.applied(
      to: decoding.applied(to: resize.preprocessing))
    var work = ManifestResize(resize)
    work.force = overwrite.force.isOn
    work.onBadImage = badImages.policy.value
    let progress = SharedProgress("Resizing", unit: "images")
    let outcome = try work.run(manifests, to: out.value.url, progress: progress.update)
    progress.finish(
      "Wrote \(Pretty.count(outcome.written, "image")), skipped \(Pretty.count(outcome.kept)) existing"
    )
    try BadImageOptions.report(
      outcome.failures.map { SkippedImage(id: $0, reason: $0) },
      of: outcome.written + outcome.kept + outcome.failures.count)
  }
}
