import Foundation
import KeepFIT
import Synchronization

/// Manifests with the directories that their paths start from.
struct ManifestOptions: OptionGroup {
  let manifests = RepeatedOption<FilePath>(
    "manifest", "CSV", required: true, help: "A manifest; may be given several times.")
  let roots = RepeatedOption<FilePath>(
    "root", "DIR", required: true,
    help: "Where its paths start: one for all manifests, or one for each.")
  let form = Option<Manifest.Form>("form", "FORM", default: .automatic, help: "What the rows hold.")

  /// The pairs of file and root.
  func sources() throws -> [(file: URL, root: URL)] {
    let (files, folders) = (manifests.values, roots.values)
    guard folders.count == 1 || folders.count == files.count else {
      throw CommandError.usage(
        "--root must be given once for all manifests, or once for each: \(files.count) manifests, "
          + "\(folders.count) roots")
    }
    return files.indices.map { (files[$0].url, folders[folders.count == 1 ? 0 : $0].url) }
  }
}

extension Manifest.Form: ChoiceArgument {}

/// A progress bar that many threads may advance.
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
  static let summary = "Check manifests against their pictures and tell all problems at once."
  static let discussion = """
    Finds rows that cannot be read, missing captions, missing, unreadable and duplicate pictures, and
    labels that look like another spelling. The exit code is 2 if something would stop training.
    """
  let data = ManifestOptions()
  let quick = Flag("no-decode", help: "Check that pictures exist, without decoding them.")
  let json = Flag("json", help: "Print one JSON object.")
  let common = CommonOptions()

  func run() throws {
    let sources = try data.sources().map {
      ManifestValidation.Source(file: $0.file, root: $0.root, form: data.form.value)
    }
    let progress = SharedProgress("Checking", unit: "pictures")
    let result = ManifestValidation(
      checking: sources, decodesPictures: !quick.isOn, progress: progress.update)
    progress.finish(
      "Checked \(Pretty.count(result.rows)) rows, \(Pretty.count(result.pictures)) pictures")
    if json.isOn {
      Console.print(try JSONText.encode(result))
    } else {
      for finding in result.findings {
        Console.print("\(finding.kind.isError ? "error" : "note"): \(finding)")
      }
      Console.print(
        result.findings.isEmpty
          ? "nothing is wrong"
          : result.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            .joined(separator: ", "))
    }
    if !result.isSound {
      let errors = result.findings.count { $0.kind.isError }
      throw CommandError.usage(
        "\(sources.map(\.file.lastPathComponent).joined(separator: ", ")): "
          + "\(errors) problems would stop training")
    }
  }
}

/// `keepfit data resize`
struct DataResizeCommand: Subcommand {
  static let name = "data resize"
  static let summary = "Resize all pictures of manifests ahead of training."
  static let discussion = """
    Writes the pictures under the same paths below --out. Those that are there already are kept, so an
    interrupted run goes on where it stopped.
    """
  let data = ManifestOptions()
  let out = Option<FilePath>(
    "out", "DIR", required: true, help: "The root of the resized pictures.")
  let size = Option<Int>("size", "S", default: 512, in: 32...8192, help: "The longest side.")
  let quality = Option<Int>(
    "quality", "Q", default: 75, in: 1...100, help: "Quality of JPEG files.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    let manifests = try data.sources().map {
      try Manifest(contentsOf: $0.file, root: $0.root, form: data.form.value)
    }
    var resize = OfflineResize(imageSize: size.value)
    resize.jpegQuality = quality.value
    var work = ManifestResize(resize)
    work.force = overwrite.force.isOn
    let progress = SharedProgress("Resizing", unit: "pictures")
    let outcome = try work.run(manifests, to: out.value.url, progress: progress.update)
    progress.finish(
      "Wrote \(Pretty.count(outcome.written)) pictures, kept \(Pretty.count(outcome.kept))")
    for failure in outcome.failures { Console.print(failure) }
    if !outcome.failures.isEmpty {
      throw CommandError.usage("\(outcome.failures.count) pictures could not be resized")
    }
  }
}

/// `keepfit data stats`
struct DataStatsCommand: Subcommand {
  static let name = "data stats"
  static let summary = "Measure the texts of manifests: lengths, vocabulary, words."
  let data = ManifestOptions()
  let out = Option<FilePath>(
    "out", "DIR", help: "Where tables (CSV) and figures (SVG) are written.")
  let json = Flag("json", help: "Print one JSON list.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    let manifests = try data.sources().map {
      try Manifest(contentsOf: $0.file, root: $0.root, form: data.form.value)
    }
    let report = StatisticsReport(manifests)
    if json.isOn {
      Console.print(try JSONText.encode(report.sets))
    } else {
      Console.write(report.summaryCSV())
    }
    if let folder = out.given {
      let files = try report.write(to: folder.url, force: overwrite.force.isOn)
      Console.note("Wrote \(files.count) files to \(folder.text)")
    }
  }
}

/// `keepfit data build`
struct DataBuildCommand: Subcommand {
  static let name = "data build"
  static let summary = "Make image-text manifests of the figures and captions of a book."
  static let discussion = """
    Pictures are named by their figure, such as 1-2-3A.png; captions are the paragraphs of a .txt file,
    or the columns figure, caption and caption_zh of a .csv file. One manifest a modality is written.
    """
  enum Modality: String, ChoiceArgument {
    case sorted
    case colourFundus = "CFP"
    case angiography = "FFA"
    case tomography = "OCT"
  }
  let images = Option<FilePath>("images", "DIR", required: true, help: "The directory of pictures.")
  let captions = Option<FilePath>("captions", "FILE", required: true, help: "The captions.")
  let modality = Option<Modality>(
    "modality", "M", default: .sorted,
    help: "How the pictures were taken, or sort them by their colours.")
  let seed = Option<UInt64>("seed", "N", default: 0, help: "What the sorting begins with.")
  let out = Option<FilePath>("out", "DIR", required: true, help: "Where the manifests are written.")
  let json = Flag("json", help: "Print the remarks as one JSON list.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    let modalities: DatasetBuild.Modalities =
      modality.value == .sorted
      ? .sorted(seed: seed.value)
      : .all(ImagingModality(named: modality.value.rawValue) ?? .colourFundus)
    let build = try DatasetBuild(
      images: images.value.url, captions: try DatasetBuild.captions(contentsOf: captions.value.url),
      modalities: modalities)
    let folder = out.value.url
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (_, manifest) in build.manifests.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      let file = folder.appending(path: manifest.name + ".csv")
      try AtomicFile.write(manifest.csv(), to: file, force: overwrite.force.isOn)
      Console.note("Wrote \(Pretty.count(manifest.rows.count)) rows to \(file.path)")
    }
    if json.isOn {
      Console.print(try JSONText.encode(build.remarks))
    } else {
      for remark in build.remarks { Console.print("\(remark)") }
    }
  }
}
