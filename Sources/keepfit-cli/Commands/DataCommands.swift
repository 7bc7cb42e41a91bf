import Foundation
import KeepFIT
import Synchronization

/// Manifests with the root directories of their image paths.
struct ManifestOptions: OptionGroup {
  let manifests = RepeatedOption<FilePath>(
    "manifest", "CSV", required: true, help: "Manifest (repeatable).")
  let roots = RepeatedOption<FilePath>(
    "root", "DIR", required: true,
    help: "Root directory of the image paths: one for all manifests, or one for each.")
  let form = Option<Manifest.Form>(
    "form", "FORM", default: .automatic, help: "Content of the rows.")

  /// The pairs of file and root.
  func sources() throws -> [(file: URL, root: URL)] {
    let (files, folders) = (manifests.values, roots.values)
    guard folders.count == 1 || folders.count == files.count else {
      throw CommandError.usage(
        "--root must be given once for all manifests, or once for each: \(files.count) manifests, "
          + "\(folders.count) roots")
    }
    for folder in folders where !folder.isDirectory {
      throw CommandError.usage(
        "--root \(folder.text): \(folder.exists ? "is not a directory" : "there is no such directory")"
      )
    }
    return files.indices.map { (files[$0].url, folders[folders.count == 1 ? 0 : $0].url) }
  }
}

extension Manifest.Form: ChoiceArgument {}

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

      keepfit data validate --manifest train.csv --manifest test.csv --root images
    """
  let data = ManifestOptions()
  let quick = Flag(
    "no-decode",
    help: "Check only that images exist, without decoding them or looking for near duplicates.")
  let noDuplicates = Flag(
    "no-duplicates", help: "Do not look for duplicates, for very large datasets.")
  let json = Flag("json", help: "Print one JSON object.")
  let common = CommonOptions()

  func run() throws {
    let sources = try data.sources().map {
      ManifestValidation.Source(file: $0.file, root: $0.root, form: data.form.value)
    }
    let progress = SharedProgress("Checking", unit: "images")
    let result = ManifestValidation(
      checking: sources, decodesImages: !quick.isOn,
      findsDuplicates: !noDuplicates.isOn, progress: progress.update)
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
    """
  let data = ManifestOptions()
  let out = Option<FilePath>(
    "out", "DIR", required: true, help: "Root directory of the resized images.")
  let size = Option<Int>(
    "size", "S", default: 512, in: 32...8192, help: "Length of the longer side in pixels.")
  let quality = Option<Int>(
    "quality", "Q", default: 75, in: 1...100, help: "JPEG quality.")
  let decoding = DecodingChoices()
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    let manifests = try data.sources().map {
      try Manifest(contentsOf: $0.file, root: $0.root, form: data.form.value)
    }
    var resize = OfflineResize(imageSize: size.value)
    resize.jpegQuality = quality.value
    resize.preprocessing = try decoding.applied(to: resize.preprocessing)
    var work = ManifestResize(resize)
    work.force = overwrite.force.isOn
    let progress = SharedProgress("Resizing", unit: "images")
    let outcome = try work.run(manifests, to: out.value.url, progress: progress.update)
    progress.finish(
      "Wrote \(Pretty.count(outcome.written, "image")), skipped \(Pretty.count(outcome.kept)) existing"
    )
    if !outcome.failures.isEmpty {
      for line in ProblemList.lines(outcome.failures) { Console.print(line) }
      let count = outcome.failures.count
      throw CommandError.failure(
        "\(count) image\(count == 1 ? "" : "s") could not be resized; the others are in \(out.value.text)"
      )
    }
  }
}
