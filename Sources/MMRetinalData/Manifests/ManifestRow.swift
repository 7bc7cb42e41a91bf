import Foundation

/// An image and what is known about it.
public struct ManifestRow: Sendable, Hashable {
  /// What a manifest says about an image.
  public enum Content: Sendable, Hashable {
    /// Attributes (such as `noisy`) and categories (such as `glaucoma`) of a labeled image.
    case labels(attributes: [String], categories: [String])
    /// A free description in one or more languages; never empty.
    case captions([CaptionLanguage: String])
  }

  /// The path of the image below its manifest's root, with `/` between its parts.
  public let image: String
  /// How the image was taken.
  public var modality: ImagingModality
  /// What is known about the image.
  public var content: Content
  /// What the columns beside path, labels and captions say, by their names: `modality`, `split`,
  /// `patient_id` and whatever else there is. Empty where a file has no others.
  public var columns: [String: String]
  /// The line of the manifest, counted from 1; 0 for rows that come from no file.
  public let line: Int

  /// A row.
  /// - Throws: ``ManifestPathError`` unless the path stays below the root.
  public init(
    image: String, modality: ImagingModality = .colorFundus, content: Content,
    columns: [String: String] = [:], line: Int = 0
  )
    throws(ManifestPathError)
  {
    self.image = try ManifestPathError.checked(image)
    self.modality = modality
    self.content = content
    self.columns = columns
    self.line = line
  }

  /// The same row with another path.
  func with(image: String) throws(ManifestPathError) -> ManifestRow {
    try ManifestRow(
      image: image, modality: modality, content: content, columns: columns, line: line)
  }

  /// The name of the dataset: the first directory of the path, as in the published manifests; empty for
  /// an image that lies in no directory below the root.
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

/// An image's path that must not be opened, because it does not lie below the manifest's root.
public struct ManifestPathError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong with which path.
  public let description: String

  /// The path with its `.` and empty parts taken out.
  static func checked(_ path: String) throws(ManifestPathError) -> String {
    let shown = "the path '\(path.abbreviated(to: 120))'"
    if path.trimmed.isEmpty {
      throw ManifestPathError(description: "the path of the image is empty")
    }
    if path.utf8.contains(0) { throw ManifestPathError(description: "\(shown) holds a NUL byte") }
    if path.hasPrefix("/") || path.hasPrefix("~") || hasDriveLetter(path) {
      throw ManifestPathError(
        description: "\(shown) is absolute, expected one below the data root")
    }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." {
        if parts.popLast() == nil {
          throw ManifestPathError(description: "\(shown) leads out of the data root")
        }
      } else {
        parts.append(part)
      }
    }
    if let long = parts.first(where: { $0.utf8.count > 255 }) {
      throw ManifestPathError(
        description: "\(shown) has a name of \(long.utf8.count) bytes, file systems allow 255")
    }
    if path.utf8.count >= 4096 {
      throw ManifestPathError(
        description: "\(shown) has \(path.utf8.count) bytes, the system allows 4095")
    }
    if parts.isEmpty || path.hasSuffix("/") {
      throw ManifestPathError(description: "\(shown) names a directory, expected a file")
    }
    return parts.joined(separator: "/")
  }

  private static func hasDriveLetter(_ path: String) -> Bool {
    let start = Array(path.utf8.prefix(3))
    return start.count == 3 && start[1] == UInt8(ascii: ":")
      && (start[2] == UInt8(ascii: "\\") || start[2] == UInt8(ascii: "/"))
  }
}
