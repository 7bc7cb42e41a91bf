import Foundation

/// The criterion by which images are grouped, such as by patient. No group may be on both sides of a split,
/// which would leak information from training to test data.
public enum ImageGrouping: Sendable, Hashable, Codable {
  /// Rows with the same value in a column of the manifest, such as `patient_id`.
  case column(String)
  /// Images whose paths match in the first capture group of a regular expression, such as
  /// `(.*)_(left|right)`. An image without a match forms its own group.
  case pattern(String)
  /// Images whose paths differ only in the eye (left and right, OS and OD, L and R).
  case eyes

  /// Common names of patient columns, in lower case, without spaces or `_`.
  static let patientColumns: Set<String> = [
    "patient", "patientid", "patientname", "patientcode", "patientnumber", "subject", "subjectid",
    "subjectcode", "participant", "participantid", "person", "personid", "pid",
  ]

  /// The group of each row, in order.
  ///
  /// - Parameters:
  ///   - rows: the rows of a manifest.
  ///   - file: the manifest, for messages.
  /// - Throws: ``TextFileError`` when there is no such column, it is empty in a row, the expression is invalid
  ///   or has no parentheses, or nothing matches it.
  public func groups(of rows: [ManifestRow], file: String) throws(TextFileError) -> [String] {
    switch self {
    case .column(let name):
      guard rows.contains(where: { $0.columns[name] != nil }) else {
        let known = Set(rows.flatMap { $0.columns.keys }).sorted()
        throw TextFileError(
          file: file,
          "there is no column '\(name)' to group by, "
            + (known.isEmpty
              ? "only those of images and labels"
              : "only " + known.map { "'\($0)'" }.joined(separator: ", ")))
      }
      let empty = rows.filter { ($0.columns[name] ?? "").trimmed.isEmpty }
      guard empty.isEmpty else {
        throw TextFileError(
          file: file,
          problems: empty.map {
            TextProblem(line: $0.line, message: "'\(name)' is empty, so the image has no group")
          })
      }
      return rows.map { ($0.columns[name] ?? "").trimmed }
    case .pattern(let text):
      let groups = try Self.matches(of: text, in: rows.map(\.image), file: file)
      guard groups.contains(where: { $0 != nil }) else {
        throw TextFileError(
          file: file,
          "the group pattern '\(text)' matches no image, for example not '"
            + (rows.first?.image ?? "") + "'")
      }
      return zip(groups, rows).map { $0 ?? $1.image }
    case .eyes: return rows.map { EyeName($0.image)?.both ?? $0.image }
    }
  }

  /// The number of rows that a pattern does not match; 0 for other groupings.
  public func unmatched(in rows: [ManifestRow]) -> Int {
    guard case .pattern(let text) = self else { return 0 }
    let groups = try? Self.matches(of: text, in: rows.map(\.image), file: "")
    return groups?.count { $0 == nil } ?? 0
  }

  private static func matches(
    of pattern: String, in images: [String], file: String
  ) throws(TextFileError) -> [String?] {
    guard let expression = try? NSRegularExpression(pattern: pattern) else {
      throw TextFileError(file: file, "the group pattern '\(pattern)' is not a regular expression")
    }
    guard expression.numberOfCaptureGroups > 0 else {
      throw TextFileError(
        file: file,
        "the group pattern '\(pattern)' needs parentheses around the part that images of a group share"
      )
    }
    return images.map { image in
      let whole = NSRange(image.startIndex..., in: image)
      guard let match = expression.firstMatch(in: image, range: whole),
        let range = Range(match.range(at: 1), in: image)
      else { return nil }
      return String(image[range])
    }
  }

  /// The column with a common name of patient columns that is not empty; nil if there is none.
  static func patientColumn(of rows: [ManifestRow]) -> String? {
    var columns: Set<String> = []
    for row in rows { columns.formUnion(row.columns.keys) }
    return columns.sorted().first { name in
      patientColumns.contains(CSVTable.plain(name))
        && rows.contains { !($0.columns[name] ?? "").trimmed.isEmpty }
    }
  }

  /// The grouping that a manifest suggests: a column with a common name of patient columns, or else file names
  /// of which at least two differ only in the eye; nil if there is neither.
  public static func suggested(by rows: [ManifestRow]) -> ImageGrouping? {
    if let named = patientColumn(of: rows) { return .column(named) }
    var sides: [String: Bool] = [:]
    for row in rows {
      guard let name = EyeName(row.image) else { continue }
      if let other = sides.updateValue(name.isLeft, forKey: name.both), other != name.isLeft {
        return .eyes
      }
    }
    return nil
  }
}

extension ImageGrouping: CustomStringConvertible {
  /// `column 'patient_id'`, `pattern '(.*)_L'` or `file names`.
  public var description: String {
    switch self {
    case .column(let name): "column '\(name)'"
    case .pattern(let text): "pattern '\(text)'"
    case .eyes: "file names"
    }
  }

  /// Decodes the output of ``encode(to:)``.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    if text == "eyes" {
      self = .eyes
    } else if text.hasPrefix("column:") {
      self = .column(String(text.dropFirst("column:".count)))
    } else if text.hasPrefix("pattern:") {
      self = .pattern(String(text.dropFirst("pattern:".count)))
    } else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a grouping: '\(text)'"))
    }
  }

  /// Encodes `"column:patient_id"`, `"pattern:(.*)_L"` or `"eyes"`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .column(let name): try container.encode("column:" + name)
    case .pattern(let text): try container.encode("pattern:" + text)
    case .eyes: try container.encode("eyes")
    }
  }
}
