import Foundation

/// A prediction file that is written row by row, so that memory does not depend on the number of images, and
/// a killed run can be resumed.
///
/// Rows are appended to the file itself, in batches of whole rows. Next to it, `FILE.settings.json` records
/// what the predictions were made with; resuming with other settings is refused.
///
/// - `.csv`: columns `image`, `label`, `probability_…` for each label, `prediction_set` if requested,
///   `laterality`, `modality` and `pixel_spacing_mm` if there are DICOM files and, if checked, `quality`.
/// - `.jsonl`: a JSON object per line, as `--json` prints them.
/// - `.json`: a list of the same objects, one per line.
public final class PredictionFile {
  /// The format of a file.
  public enum Format: String, CaseIterable, Sendable {
    /// Comma-separated values with a header.
    case csv
    /// JSON Lines.
    case jsonl
    /// One JSON list.
    case json

    /// The format for the extension of a file name; nil for any other extension.
    public init?(_ url: URL) { self.init(rawValue: url.pathExtension.lowercased()) }
  }

  /// What to do with an existing file.
  public enum Existing: Sendable {
    /// Refuse it.
    case refuse
    /// Replace it.
    case replace
    /// Keep its complete rows and append to it; create a new file if there is none.
    case resume
  }

  /// The number of rows of each image that were in the file when it was opened.
  public let finished: [String: Int]
  /// The number of rows in the file.
  public private(set) var count: Int
  private let format: Format
  private let hasAcquisition: Bool
  private let handle: FileHandle
  private let name: String

  /// Opens a file.
  /// - Parameters:
  ///   - url: the file; its suffix determines the format.
  ///   - existing: what to do with an existing file.
  ///   - labels: the labels of the predictions, in order.
  ///   - hasQuality: whether predictions have a quality.
  ///   - hasSet: whether predictions have a prediction set.
  ///   - hasAcquisition: whether any of the images is a DICOM file, whose statements get columns.
  ///   - settings: what the predictions are made with, by name.
  /// - Throws: ``TransferError/invalid(_:)`` for another suffix, a file that may not be replaced, that is of
  ///   another form or has other settings, or that another process writes; `CheckpointError` when it
  ///   cannot be written.
  public init(
    _ url: URL, existing: Existing, labels: [String], hasQuality: Bool, hasSet: Bool,
    hasAcquisition: Bool = false, settings: [String: String]
  ) throws {
    name = url.relativePath
    guard let format = Format(url) else {
      throw TransferError.invalid("\(name): must end in .csv, .jsonl or .json")
    }
    self.format = format
    self.hasAcquisition = hasAcquisition
    let record = URL(fileURLWithPath: url.path + ".settings.json")
    var found = existing == .resume && FileManager.default.fileExists(atPath: url.path)
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | (existing == .refuse ? O_EXCL : 0)
    let descriptor = open(url.path, flags, 0o644)
    guard descriptor >= 0 else {
      if errno == EEXIST {
        throw TransferError.invalid(
          "\(name): already exists; --resume continues it, --force overwrites it")
      }
      throw AtomicFile.failure(name)
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      throw TransferError.invalid("\(name): another process is writing to this file")
    }
    let header = ImagePrediction.header(
      labels: labels, hasQuality: hasQuality, hasSet: hasSet, hasAcquisition: hasAcquisition)
    var rows: [String: Int] = [:]
    if found {
      try Self.check(settings, against: record, of: name)
      let rest = try PredictionRows(reading: handle, format: format, header: header, name: name)
      rows = rest.images
      try handle.truncate(atOffset: rest.end)
      // A file without a complete header, left by a killed process, is started over.
      found = rest.end > 0
    } else {
      try handle.truncate(atOffset: 0)
    }
    finished = rows
    count = rows.values.reduce(0, +)
    try AtomicFile.write(
      try JSONText.encode(settings, pretty: true) + "\n", to: record, force: true)
    try handle.seekToEnd()
    if !found { try put(format == .csv ? CSVWriter.line(header) : format == .json ? "[" : "") }
  }

  /// Appends predictions. The rows of a call are written together.
  /// - Throws: `CheckpointError` when they cannot be written.
  public func append(_ predictions: [ImagePrediction]) throws {
    var text = ""
    for prediction in predictions {
      switch format {
      case .csv: text += CSVWriter.line(prediction.cells(hasAcquisition: hasAcquisition))
      case .jsonl: text += prediction.json.serialized() + "\n"
      case .json: text += (count == 0 ? "\n" : ",\n") + prediction.json.serialized()
      }
      count += 1
    }
    try put(text)
  }

  /// Completes the file.
  /// - Throws: `CheckpointError` when it cannot be written.
  public func finish() throws {
    if format == .json { try put("\n]\n") }
    do { try handle.synchronize() } catch { throw AtomicFile.failure(name) }
    // Not left to the last copy of the descriptor, which a child process may hold for a moment.
    flock(handle.fileDescriptor, LOCK_UN)
  }

  private func put(_ text: String) throws {
    guard !text.isEmpty else { return }
    do { try handle.write(contentsOf: Data(text.utf8)) } catch { throw AtomicFile.failure(name) }
  }

  private static func check(_ settings: [String: String], against record: URL, of name: String)
    throws
  {
    guard let data = try? Data(contentsOf: record) else { return }
    guard let old = try? JSONDecoder().decode([String: String].self, from: data) else {
      throw TransferError.invalid("\(record.relativePath): is not a record of settings")
    }
    for key in Set(old.keys).union(settings.keys).sorted() where old[key] != settings[key] {
      throw TransferError.invalid(
        "\(name) was written with another \(key) (\(old[key] ?? "none"), now "
          + "\(settings[key] ?? "none")); use the same, or another --out")
    }
  }
}
