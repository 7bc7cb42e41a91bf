import Foundation
import KeepFIT

/// What every command understands.
struct CommonOptions: OptionGroup {
  let threads = Option<Int>(
    "threads", "N", in: 1...1024,
    help:
      "Number of CPU threads; by default KEEPFIT_NUM_THREADS, or the processors that are allowed.")
  let quiet = Flag("quiet", help: "Write results and errors only.")

  /// Puts the options in force. Called by the program before the command runs.
  func apply() {
    if quiet.isOn { Console.isQuiet.store(true, ordering: .relaxed) }
    if let count = threads.given { ThreadPool.threadCount = count }
  }

  /// Refuses an environment variable that nothing could follow.
  static func checkEnvironment() throws {
    guard let text = ProcessInfo.processInfo.environment["KEEPFIT_NUM_THREADS"] else { return }
    guard let count = Int(text), (1...1024).contains(count) else {
      throw CommandError.usage(
        "the environment variable KEEPFIT_NUM_THREADS is '\(text)', a number from 1 to 1024 was expected"
      )
    }
  }
}

/// Which model is used.
struct ModelOptions: OptionGroup {
  let model = Option<FilePath>(
    "model", "M", required: true,
    help: "A model directory, or a lone .pth, .pt, .bin or .safetensors file.")
  let vocabulary = Option<FilePath>(
    "vocab", "FILE", help: "The model's vocab.txt; by default the one beside its weights.")

  /// Opens the model.
  func load() throws -> KeepFITModel {
    try KeepFITModel.load(model.value.url, vocabulary: vocabulary.given?.url)
  }
}

/// The names of the preprocessing paths.
enum PreprocessingName: String, ChoiceArgument {
  case published, flair, transfer, training
}

/// How image files become images.
struct ImageOptions: OptionGroup {
  let size = Option<Int>(
    "size", "S", in: 32...8192, help: "Side of the square image; by default the model's.")
  let preprocessing = Option<PreprocessingName>(
    "preprocessing", "NAME",
    help: "How files become images; by default as the model's configuration says.")
  let decoding = DecodingChoices()
  let reduceJPEG = ReduceJPEGOptions()

  /// What the options say, on top of an adapter's way or else the model's own.
  func preprocessing(for model: KeepFITModel, adapter: Adapter? = nil) throws -> Preprocessing {
    let own = adapter?.preprocessing ?? model.configuration.preprocessing
    let chosen = preprocessing.given.flatMap { Preprocessing(named: $0.rawValue) } ?? own
    let sized = chosen.with(imageSize: size.given ?? own.imageSize)
    return try reduceJPEG.applied(to: decoding.applied(to: sized))
  }
}

/// `--exif-orientation` and `--gray16`
struct DecodingChoices: OptionGroup {
  enum Orientation: String, ChoiceArgument {
    case apply, ignore
  }
  enum Gray: String, ChoiceArgument {
    case scale, clip
  }
  let orientation = Option<Orientation>(
    "exif-orientation", "CHOICE",
    help: "Turn images as their EXIF orientation says; by default as the model's configuration "
      + "says (ignore, as published).")
  let gray16 = Option<Gray>(
    "gray16", "CHOICE",
    help: "Scale 16-bit gray to 8 bits, or clip it at 255; by default as the model's configuration "
      + "says (clip, as published).")

  /// The same preprocessing with the choices that were made.
  /// - Throws: wrong usage where the preprocessing reads files as they are stored.
  func applied(to preprocessing: Preprocessing) throws -> Preprocessing {
    var changed = preprocessing
    if let choice = orientation.given { changed.decoding.appliesOrientation = choice == .apply }
    if let choice = gray16.given {
      changed.decoding.deepGray = choice == .scale ? .scaled : .clipped
    }
    guard preprocessing.color != .asStored || changed == preprocessing else {
      throw CommandError.usage(
        "--exif-orientation and --gray16 have no effect on a preprocessing with color 'as-stored'")
    }
    return changed
  }
}

/// `--reduce-jpeg`
struct ReduceJPEGOptions: OptionGroup {
  let reduce = Flag(
    "reduce-jpeg",
    help: "Decode large JPEG files at 1/2, 1/4 or 1/8: faster, and 0.004 off on average.")

  /// The same preprocessing, with reduced decoding where it is asked for.
  /// - Throws: wrong usage where the preprocessing needs every pixel.
  func applied(to preprocessing: Preprocessing) throws -> Preprocessing {
    guard reduce.isOn else { return preprocessing }
    guard preprocessing.canReduceJPEG else {
      throw CommandError.usage(
        "--reduce-jpeg: the preprocessing '\(preprocessing.name ?? "of the model")' needs every "
          + "pixel; choose one that averages: --preprocessing flair or transfer")
    }
    var reduced = preprocessing
    reduced.reducesJPEG = true
    return reduced
  }
}

/// `--on-bad-image`
struct BadImageOptions: OptionGroup {
  let policy = Option<BadImagePolicy>(
    "on-bad-image", "POLICY", default: .fail,
    help:
      "fail: stop at an image that cannot be used; skip: leave it out, list it, and exit with 1.")

  /// Lists the images that were left out, and ends the command with code 1 if there were any.
  static func report(_ skipped: [SkippedImage], of count: Int) throws {
    guard !skipped.isEmpty else { return }
    for image in skipped { Console.warn("skipped: \(image.reason)") }
    throw CommandError.failure(
      "\(skipped.count) of \(count) \(count == 1 ? "image" : "images") could not be used and "
        + "\(skipped.count == 1 ? "was" : "were") skipped")
  }
}

/// Floats or bytes.
enum PrecisionName: String, ChoiceArgument {
  case fp32, int8
}

/// `--precision` and `--calibration`
struct PrecisionOptions: OptionGroup {
  let precision = Option<PrecisionName>(
    "precision", "NAME", default: .fp32,
    help: "How images are embedded; int8 is faster and needs 'keepfit calibrate' once.")
  let calibration = Option<FilePath>(
    "calibration", "FILE", help: "What 'keepfit calibrate' wrote; by default in the model's folder."
  )

  /// Refuses a calibration that nothing would use.
  func validate() throws {
    if calibration.given != nil && precision.value != .int8 {
      throw CommandError.usage("--calibration has no effect without --precision int8")
    }
  }

  /// Puts the precision in force.
  func apply(to network: KeepFITModel, of model: FilePath) throws {
    guard precision.value == .int8 else { return }
    guard let file = calibration.given ?? Self.file(of: model) else {
      throw CommandError.usage(
        "--precision int8 needs --calibration FILE, since \(model.text) is no folder")
    }
    guard file.exists else {
      throw CommandError.usage(
        "--precision int8 needs \(file.text): run 'keepfit calibrate' with some photographs first")
    }
    try network.useBytes(VisionCalibration(contentsOf: file.url))
  }

  /// Where the calibration of a model's folder is looked for.
  static func file(of model: FilePath) -> FilePath? {
    model.isDirectory ? FilePath(model.text + "/calibration.json") : nil
  }
}

/// `--force`
struct OverwriteOptions: OptionGroup {
  let force = Flag("force", letter: "f", help: "Overwrite what is there.")
}

/// A knowledge table by name or file.
struct KnowledgeOptions: OptionGroup {
  let knowledge: Option<String>
  let prompt = Option<String>(
    "prompt", "TEXT", help: "The sentence with [CLS] for the label; by default the model's.",
    check: { $0.contains("[CLS]") ? nil : "must contain [CLS], where the label goes" })

  init(defaultTable: String) {
    knowledge = Option(
      "knowledge", "NAME|FILE", default: defaultTable,
      help: "Descriptions of the labels: builtin, none, or a JSON file.")
  }

  /// The table; nil for none.
  func table() throws -> Knowledge? {
    switch knowledge.value {
    case "none": nil
    case "builtin": .builtin
    default: try Knowledge(contentsOf: FilePath(knowledge.value).url)
    }
  }
}

extension FilePath {
  /// The lines of a text file, without the end that closes the last one.
  func lines() throws -> [String] {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw CommandError.usage("\(text): \(exists ? "cannot be read" : "there is no such file")")
    }
    guard let content = String(data: data, encoding: .utf8) else {
      throw CommandError.usage("\(text): is not UTF-8 text")
    }
    var lines = content.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// Refuses a file that could not be written once the work is done: one that may not be overwritten, a
  /// directory, or a file whose directory is missing or read-only.
  /// - Parameter createsDirectory: whether the command makes a directory that is missing.
  func checkWritable(force: Bool, createsDirectory: Bool = false) throws {
    if isDirectory { throw CommandError.usage("\(text): is a directory, a file was expected") }
    if exists && !force {
      throw CommandError.usage("\(text): exists already; --force overwrites it")
    }
    var folder = url.deletingLastPathComponent()
    while createsDirectory, !FilePath(folder.path).exists, folder.path != "/" {
      folder.deleteLastPathComponent()
    }
    guard FilePath(folder.path).isDirectory else {
      throw CommandError.usage("\(text): there is no directory \(folder.path)")
    }
    guard FileManager.default.isWritableFile(atPath: folder.path) else {
      throw CommandError.usage("\(text): the directory \(folder.path) may not be written to")
    }
  }
}
