import Foundation

/// An image with its label or caption.
public struct ManifestRow: Sendable, Hashable {
  /// The annotation of an image.
  public enum Content: Sendable, Hashable {
    /// Attributes (such as `noisy`) and categories (such as `glaucoma`) of a labeled image.
    case labels(attributes: [String], categories: [String])
    /// A free-text description in one or more languages; never empty.
    case captions([CaptionLanguage: String])
  }

  /// The path of the image below its manifest's root, separated by `/`; or an absolute path.
  public let image: String
  /// The imaging modality.
  public var modality: ImagingModality
  /// The annotation of the image.
  public var content: Content
  /// The values of the other columns, besides path, labels and captions, by name: `modality`, `split`,
  /// `patient_id` and so on. Empty if there are none.
  public var columns: [String: String]
  /// The line of the manifest, counted from 1; 0 for rows that do not come from a file.
  public let line: Int

  /// Creates a row.
  /// - Parameters:
  ///   - image: a path below the root, an absolute one, or one that begins with `~/`.
  ///   - modality: what the image shows.
  ///   - content: the labels or captions.
  ///   - columns: the other columns of the table, by name.
  ///   - line: the line of the file; 0 for none.
  /// - Throws: ``ManifestPathError`` for a path that leads out of the root with `..`, and names that no file has.
  public init(
    image: String, modality: ImagingModality = .colorFundus, content: Content,
    columns: [String: String] = [:], line: Int = 0
  )
    throws(ManifestPathError)
  {
    self.init(
      checked: try ManifestPathError.checked(image), modality: modality, content: content,
      columns: columns, line: line)
  }

  /// A copy of the row with another path.
  func with(image: String) throws(ManifestPathError) -> ManifestRow {
    try ManifestRow(
      image: image, modality: modality, content: content, columns: columns, line: line)
  }

  /// The row as if it did not come from a file, for comparisons.
  func withoutLine() -> ManifestRow {
    ManifestRow(
      checked: image, modality: modality, content: content, columns: columns, line: 0)
  }

  private init(
    checked image: String, modality: ImagingModality, content: Content,
    columns: [String: String], line: Int
  ) {
    self.image = image
    self.modality = modality
    self.content = content
    self.columns = columns
    self.line = line
  }

  /// The name of the dataset: the first directory of the path, as in the published manifests; empty for an
  /// image directly in the root.
  public var dataset: String { image.contains("/") ? String(image.prefix { $0 != "/" }) : "" }

  /// The categories of a labeled row; none for a captioned one.
  public var categories: [String] {
    if case .labels(_, let categories) = content { categories } else { [] }
  }

  /// The attributes of a labeled row; none for a captioned one.
  public var attributes: [String] {
    if case .labels(let attributes, _) = content { attributes } else { [] }
  }

  /// The caption in a language, if the row has one.
  public func caption(in language: CaptionLanguage) -> String? {
    if case .captions(let captions) = content { captions[language] } else { nil }
  }
}

/// An invalid image path, for instance one outside of the manifest's root.
public struct ManifestPathError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The path and its problem.
  public let description: String

  /// The path without `.` and empty components.
  static func checked(_ path: String) throws(ManifestPathError) -> String {
    let shown = "the path '\(path.abbreviated(to: 120))'"
    if path.trimmed.isEmpty {
      throw ManifestPathError(description: "the image path is empty")
    }
    if path.utf8.contains(0) {
      throw ManifestPathError(description: "\(shown) contains a NUL byte")
    }
    if hasDriveLetter(path) {
      throw ManifestPathError(
        description: "\(shown) is on a Windows drive, expected a path below the root directory")
    }
    let path = path.hasPrefix("~/") ? (path as NSString).expandingTildeInPath : path
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." {
        if parts.popLast() == nil {
          throw ManifestPathError(description: "\(shown) leads out of the root directory")
        }
      } else {
        parts.append(part)
      }
    }
    if let long = parts.first(where: { $0.utf8.count > 255 }) {
      throw ManifestPathError(
        description: "\(shown) has a name of \(long.utf8.count) bytes, more than the limit of 255")
    }
    if path.utf8.count >= 4096 {
      throw ManifestPathError(
        description: "\(shown) has \(path.utf8.count) bytes, more than the limit of 4095")
    }
    if parts.isEmpty || path.hasSuffix("/") {
      throw ManifestPathError(description: "\(shown) names a directory, expected a file")
    }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  private static func hasDriveLetter(_ path: String) -> Bool {
    let start = Array(path.utf8.prefix(3))
    return start.count == 3 && start[1] == UInt8(ascii: ":")
      && (start[2] == UInt8(ascii: "\\") || start[2] == UInt8(ascii: "/"))
  }
}

extension URL {
  /// The file of an image path: below this directory, unless the path is absolute.
  package func image(_ path: String) -> URL {
    path.hasPrefix("/") ? URL(fileURLWithPath: path) : appending(path: path)
  }
}
