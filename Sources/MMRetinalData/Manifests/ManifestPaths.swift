import Foundation

/// Finds the files of rows whose paths are spelled differently on disk.
///
/// Only if the path itself does not exist: composed instead of decomposed letters or the reverse (Unicode NFC
/// and NFD), `\` as separator, and a missing extension. An ambiguous path is not changed.
struct ManifestPaths {
  /// The correction of a path.
  enum Reading: Int, CaseIterable {
    case normalization, backslashes, fileExtension

    func note(_ count: Int, example: String) -> String {
      let rows = "\(counted(count, "path")) such as '\(example.abbreviated(to: 80))'"
      return switch self {
      case .normalization: "\(rows): accents have another Unicode form on disk"
      case .backslashes: "\(rows): '\\' is read as '/'"
      case .fileExtension: "\(rows): the missing extension was found on disk"
      }
    }
  }

  private static let extensions = [
    "jpg", "jpeg", "png", "tif", "tiff", "ppm", "JPG", "JPEG", "PNG",
  ]

  /// The rows with corrected paths, and notes on the corrections.
  static func resolved(_ rows: [ManifestRow], root: URL) -> (rows: [ManifestRow], notes: [String]) {
    var rows = rows
    var found: [Reading: (count: Int, example: String)] = [:]
    for index in rows.indices where !exists(rows[index].image, below: root) {
      let image = rows[index].image
      guard let (path, readings) = alternative(to: image, below: root),
        let row = try? rows[index].with(image: path)
      else { continue }
      rows[index] = row
      for reading in readings {
        found[reading, default: (0, image)].count += 1
      }
    }
    let notes = Reading.allCases.compactMap { reading in
      found[reading].map { reading.note($0.count, example: $0.example) }
    }
    return (rows, notes)
  }

  private static func alternative(
    to path: String, below root: URL
  ) -> (path: String, readings: [Reading])? {
    var candidates: [(path: String, readings: [Reading])] = [(path, [])]
    if path.contains("\\") {
      let slashes = path.split(separator: "\\").joined(separator: "/")
      candidates.append((slashes, [.backslashes]))
    }
    for (path, readings) in candidates {
      for form in [
        path.precomposedStringWithCanonicalMapping, path.decomposedStringWithCanonicalMapping,
      ]
      where !form.utf8.elementsEqual(path.utf8) {
        candidates.append((form, readings + [.normalization]))
      }
    }
    if let match = candidates.first(where: { exists($0.path, below: root) }) { return match }
    // Not for a path with an image extension, whose file is missing.
    for (path, readings) in candidates {
      let suffix = (path as NSString).pathExtension.lowercased()
      guard !extensions.contains(suffix) else { continue }
      let matches = extensions.map { "\(path).\($0)" }.filter { exists($0, below: root) }
      if matches.count == 1 { return (matches[0], readings + [.fileExtension]) }
    }
    return nil
  }

  private static func exists(_ path: String, below root: URL) -> Bool {
    access(root.path + "/" + path, F_OK) == 0
  }
}
