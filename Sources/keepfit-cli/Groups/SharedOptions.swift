import Foundation
import KeepFIT

/// Options of every command.
struct CommonOptions: OptionGroup {
  let threads = Option<Int>(
    "threads", "N", in: 1...1024,
    help:
      "Number of CPU threads; by default KEEPFIT_NUM_THREADS, or all processors that may be used.")
  let quiet = Flag("quiet", help: "Print only results, warnings and errors.")

  /// Applies the options, before the command runs.
  func apply() {
    if quiet.isOn { Console.isQuiet.store(true, ordering: .relaxed) }
    if let count = threads.given { ThreadPool.threadCount = count }
  }

  /// Refuses an invalid environment variable.
  static func checkEnvironment() throws {
    guard let text = ProcessInfo.processInfo.environment["KEEPFIT_NUM_THREADS"] else { return }
    guard let count = Int(text), (1...1024).contains(count) else {
      throw CommandError.usage(
        "the environment variable KEEPFIT_NUM_THREADS is '\(text)', a number from 1 to 1024 was expected"
      )
    }
  }
}

/// The model of a command.
struct ModelOptions: OptionGroup {
  let model = Option<FilePath>(
    "model", "M", required: true,
    help: "Model directory, or a single .pth, .pt, .bin or .safetensors file.")
  let vocabulary = Option<FilePath>(
    "vocab", "FILE", help: "The model's vocab.txt; by default the one next to the weights.")

  /// Loads the model.
  func load() throws -> KeepFITModel {
    try KeepFITModel.load(model.value.url, vocabulary: vocabulary.given?.url)
  }
}

/// The names of the preprocessing paths.
enum PreprocessingName: String, ChoiceArgument {
  case published, flair, transfer, training
}

/// How image files are decoded and preprocessed.
struct ImageOptions: OptionGroup {
  let size = Option<Int>(
    "size", "S", in: 32...8192, help: "Image size in pixels; by default the model's.")
  let preprocessing = Option<PreprocessingName>(
    "preprocessing", "NAME",
    help: "Image preprocessing; by default as in the model's configuration.")
  let decoding = DecodingChoices()
  let crop = CropOption()
  let reduceJPEG = ReduceJPEGOptions()

  /// The preprocessing of the adapter, or else of the model, with the given options applied.
  func preprocessing(for model: KeepFITModel, adapter: Adapter? = nil) throws -> Preprocessing {
    let own = adapter?.preprocessing ?? model.configuration.preprocessing
    let chosen = preprocessing.given.flatMap { Preprocessing(named: $0.rawValue) } ?? own
    let sized = chosen.with(imageSize: size.given ?? own.imageSize)
    return try reduceJPEG.applied(to: crop.applied(to: decoding.applied(to: sized)))
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
    help: "Apply or ignore the EXIF orientation; by default as in the model's configuration "
      + "(ignore, as published).")
  let gray16 = Option<Gray>(
    "gray16", "CHOICE",
    help:
      "Scale 16-bit gray to 8 bits, or clip it at 255; by default as in the model's configuration "
      + "(clip, as published).")

  /// Whether the orientation is applied; nil if the option was not given.
  var appliesOrientation: Bool? { orientation.given.map { $0 == .apply } }
  /// The conversion of 16-bit gray; nil if the option was not given.
  var deepGray: DecodingOptions.DeepGray? {
    gray16.given.map { $0 == .scale ? .scaled : .clipped }
  }

  /// The preprocessing with the given options applied.
  /// - Throws: a usage error if the preprocessing reads files as stored.
  func applied(to preprocessing: Preprocessing) throws -> Preprocessing {
    var changed = preprocessing
    if let applies = appliesOrientation { changed.decoding.appliesOrientation = applies }
    if let conversion = deepGray { changed.decoding.deepGray = conversion }
    guard preprocessing.color != .asStored || changed == preprocessing else {
      throw CommandError.usage(
        "--exif-orientation and --gray16 have no effect on preprocessing with color 'as-stored'")
    }
    return changed
  }
}

extension Preprocessing.Crop: ChoiceArgument {}

/// `--crop`
struct CropOption: OptionGroup {
  let crop = Option<Preprocessing.Crop>(
    "crop", "CHOICE",
    help:
      "Crop images before resizing: to the bounding box of the foreground, to the circle of the field of view "
      + "with black outside, or not at all (none); by default as in the model's configuration.")

  /// The preprocessing with the given crop.
  /// - Throws: a usage error if the preprocessing reads files as stored.
  func applied(to preprocessing: Preprocessing) throws -> Preprocessing {
    guard let choice = crop.given else { return preprocessing }
    guard preprocessing.color != .asStored || choice == preprocessing.crop else {
      throw CommandError.usage("--crop has no effect on preprocessing with color 'as-stored'")
    }
    var changed = preprocessing
    changed.crop = choice
    return changed
  }
}

extension DecodingChoices {
  /// Loads a report model, with the given options applied to how it reads images.
  /// - Throws: what is wrong with the directory.
  func loading(_ model: FilePath) throws -> ReportGenerator {
    var generator = try ReportGenerator.load(model.url)
    generator.readImages(appliesOrientation: appliesOrientation, deepGray: deepGray)
    return generator
  }
}

/// `--reduce-jpeg`
struct ReduceJPEGOptions: OptionGroup {
  let reduce = Flag(
    "reduce-jpeg",
    help:
      "Decode large JPEG files at 1/2, 1/4 or 1/8 scale: faster, with pixels that differ by 0.004 on "
      + "average.")

  /// The preprocessing, with reduced decoding if requested.
  /// - Throws: a usage error if the preprocessing needs every pixel.
  func applied(to preprocessing: Preprocessing) throws -> Preprocessing {
    guard reduce.isOn else { return preprocessing }
    guard preprocessing.canReduceJPEG else {
      throw CommandError.usage(
        "--reduce-jpeg: the preprocessing '\(preprocessing.name ?? "of the model")' needs every "
          + "pixel; choose one that averages pixels: --preprocessing flair or transfer")
    }
    var reduced = preprocessing
    reduced.reducesJPEG = true
    return reduced
  }
}

/// The numeric precision of inference.
enum PrecisionName: String, ChoiceArgument {
  case fp32, int8
}

/// `--precision` and `--calibration`
struct PrecisionOptions: OptionGroup {
  let precision = Option<PrecisionName>(
    "precision", "NAME", default: .fp32,
    help: "Precision of image inference; int8 is faster and needs 'keepfit quantize' once.")
  let calibration = Option<FilePath>(
    "calibration", "FILE",
    help: "File written by 'keepfit quantize'; by default calibration.json in the model directory."
  )

  /// Refuses a calibration that would not be used.
  func validate() throws {
    if calibration.given != nil && precision.value != .int8 {
      throw CommandError.usage("--calibration has no effect without --precision int8")
    }
  }

  /// Applies the precision.
  /// - Parameters:
  ///   - network: the model.
  ///   - model: its path.
  ///   - adapter: the adapter that will classify with it; nil for none.
  /// - Throws: a usage error without a calibration of the weights that are used.
  func apply(to network: KeepFITModel, of model: FilePath, adapter: Adapter? = nil) throws {
    guard precision.value == .int8 else { return }
    guard adapter?.method != .fineTune else {
      throw CommandError.usage(
        "--precision int8: the adapter contains a fine-tuned image encoder, but the calibration was made "
          + "for the original weights; omit --precision int8")
    }
    guard let file = calibration.given ?? Self.file(of: model) else {
      throw CommandError.usage(
        "--precision int8 needs --calibration FILE, since \(model.text) is not a directory")
    }
    guard file.exists else {
      throw CommandError.usage(
        "--precision int8 needs \(file.text): run 'keepfit quantize' with some photographs first")
    }
    try network.useBytes(VisionCalibration(contentsOf: file.url))
  }

  /// The default location of a model's calibration.
  static func file(of model: FilePath) -> FilePath? {
    model.isDirectory ? FilePath(model.text + "/calibration.json") : nil
  }
}

/// `--force`
struct OverwriteOptions: OptionGroup {
  let force = Flag("force", letter: "f", help: "Overwrite existing files.")
}

/// The knowledge table and the prompt template.
struct KnowledgeOptions: OptionGroup {
  let knowledge: Option<String>
  let prompt = Option<String>(
    "prompt", "TEXT", help: "Prompt template with [CLS] for the label; by default the model's.",
    check: { $0.contains("[CLS]") ? nil : "must contain [CLS], where the label goes" })

  init(defaultTable: String) {
    knowledge = Option(
      "knowledge", "NAME|FILE", default: defaultTable,
      help: "Knowledge table, which describes the labels: builtin, none, or a JSON file.")
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
  /// Refuses what is not a directory.
  /// - Parameter option: the option that names it, such as `--root`.
  func checkDirectory(_ option: String) throws {
    guard !isDirectory else { return }
    throw CommandError.usage(
      "\(option) \(text): \(exists ? "is not a directory" : "there is no such directory")")
  }

  /// The bytes of a file.
  func bytes() throws -> [UInt8] {
    do { return [UInt8](try Data(contentsOf: url)) } catch {
      throw CommandError.usage("\(text): \(exists ? "cannot be read" : "there is no such file")")
    }
  }

  /// The lines of a text file, without a trailing empty line.
  func lines() throws -> [String] {
    guard let content = String(validating: try bytes(), as: UTF8.self) else {
      throw CommandError.usage("\(text): is not UTF-8 text")
    }
    var lines = content.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// Refuses a file that could not be written at the end: one that may not be overwritten, a directory, or
  /// a file whose directory is missing or read-only.
  /// - Parameter createsDirectory: whether the command creates a missing directory.
  func checkWritable(force: Bool, createsDirectory: Bool = false) throws {
    if isDirectory { throw CommandError.usage("\(text): is a directory, not a file") }
    if exists && !force {
      throw CommandError.usage("\(text): already exists; --force overwrites it")
    }
    var folder = url.deletingLastPathComponent()
    while createsDirectory, !FilePath(folder.path).exists, folder.path != "/" {
      folder.deleteLastPathComponent()
    }
    guard FilePath(folder.path).isDirectory else {
      throw CommandError.usage("\(text): there is no directory \(folder.path)")
    }
    guard FileManager.default.isWritableFile(atPath: folder.path) else {
      throw CommandError.usage("\(text): the directory \(folder.path) is not writable")
    }
  }
}
