import Foundation

/// Finds the files of rows whose paths are spelled differently on disk.
///
/// Only if the path itself does not exist: composed instead of decomposed letters or the reverse (Unicode NFC
/// and NFD), `\` as separator, a missing extension or one in other capitals, an absolute path of another computer whose
/// last components exist below the root, and a bare name in a subdirectory. An ambiguous path is not changed.
struct ManifestPaths {
  /// The correction of a path.
  enum Reading: Int, CaseIterable {
    case normalization, backslashes, fileExtension, capitals, elsewhere, subdirectory, ambiguous

    func note(_ count: Int, example: String) -> String {
      let rows = "\(counted(count, "path")) such as '\(example.abbreviated(to: 80))'"
      return switch self {
      case .normalization: "\(rows): accents have another Unicode form on disk"
      case .backslashes: "\(rows): '\\' is read as '/'"
      case .fileExtension: "\(rows): the missing extension was found on disk"
      case .capitals: "\(rows): the extension is capitalized differently on disk"
      case .elsewhere:
        "\(rows): not on this computer, found by its last components below the root directory"
      case .subdirectory: "\(rows): found in a subdirectory of the root directory"
      case .ambiguous: "\(rows): several subdirectories have a file of this name"
      }
    }
  }

  /// A path, and the corrections that led to it.
  private typealias Candidate = (path: String, readings: [Reading])

  private let root: URL
  /// The images below the root by name and by name without extension; listed when first needed.
  private lazy var index = Self.index(root)

  private init(root: URL) { self.root = root }

  /// The rows with corrected paths, and notes on the corrections.
  static func resolved(_ rows: [ManifestRow], root: URL) -> (rows: [ManifestRow], notes: [String]) {
    var paths = ManifestPaths(root: root)
    var rows = rows
    var found: [Reading: (count: Int, example: String)] = [:]
    for index in rows.indices {
      let image = rows[index].image
      if let below = paths.belowRoot(image), let row = try? rows[index].with(image: below) {
        rows[index] = row
      }
      guard !exists(rows[index].image, below: root) else { continue }
      guard let (path, readings) = paths.alternative(to: rows[index].image) else { continue }
      for reading in readings { found[reading, default: (0, image)].count += 1 }
      if let row = try? rows[index].with(image: path) { rows[index] = row }
    }
    let notes = Reading.allCases.compactMap { reading in
      found[reading].map { reading.note($0.count, example: $0.example) }
    }
    return (rows, notes)
  }

  /// Whether a path as a table writes it names a file, directly or after a correction.
  static func exists(_ path: String, below root: URL) -> Bool {
    access(ImageAddress(root.image(path)).file.path, F_OK) == 0
  }

  /// An absolute path in the root directory as a path below it.
  private func belowRoot(_ path: String) -> String? {
    guard path.hasPrefix("/") else { return nil }
    let folder = root.standardizedFileURL.path
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
  }

  private mutating func alternative(to path: String) -> Candidate? {
    var candidates: [Candidate] = [(path, [])]
    if path.contains("\\") {
      let slashes = path.split(separator: "\\").joined(separator: "/")
      candidates.append((slashes, [.backslashes]))
    }
    if path.hasPrefix("/") {
      let parts = path.split(separator: "/")
      candidates += parts.indices.map { (parts[$0...].joined(separator: "/"), [.elsewhere]) }
    }
    for (path, readings) in candidates {
      for form in [
        path.precomposedStringWithCanonicalMapping, path.decomposedStringWithCanonicalMapping,
      ]
      where !form.utf8.elementsEqual(path.utf8) {
        candidates.append((form, readings + [.normalization]))
      }
    }
    if let match = candidates.first(where: { exists($0.path) }) { return match }
    for (path, readings) in candidates {
      let isImage = ImageFormat.hasExtension(path)
      let matches = (isImage ? Self.capitals(of: path) : Self.extensions.map { "\(path).\($0)" })
        .filter(exists)
      // Not for a path with an image extension, whose file is missing.
      if matches.count == 1 {
        return (matches[0], readings + [isImage ? .capitals : .fileExtension])
      }
      if matches.count > 1 { return nil }
    }
    guard !path.contains("/"), !path.contains("\\") else { return nil }
    let places = index[path.precomposedStringWithCanonicalMapping] ?? []
    switch places.count {
    case 0: return nil
    case 1: return (places[0], [.subdirectory])
    default: return (path, [.ambiguous])
    }
  }

  private static let extensions = ImageFormat.fileExtensions.sorted().flatMap {
    [$0, $0.uppercased()]
  }

  /// The path with its extension in small and in large letters.
  private static func capitals(of path: String) -> [String] {
    let stem = (path as NSString).deletingPathExtension
    let suffix = (path as NSString).pathExtension
    return Set([suffix.lowercased(), suffix.uppercased()]).subtracting([suffix])
      .map { "\(stem).\($0)" }
  }

  private func exists(_ path: String) -> Bool { Self.exists(path, below: root) }

  private static func index(_ root: URL) -> [String: [String]] {
    guard root.standardizedFileURL.path != "/", let listing = try? FolderListing(root) else {
      return [:]
    }
    var index: [String: [String]] = [:]
    for path in listing.images where path.contains("/") {
      let name = (path as NSString).lastPathComponent.precomposedStringWithCanonicalMapping
      let stem = (name as NSString).deletingPathExtension
      for key in Set([name, stem]) { index[key, default: []].append(path) }
    }
    return index
  }
}
