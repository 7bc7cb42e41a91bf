import Foundation

/// A CSV file with a header line.
public struct CSVTable: Sendable {
  /// The names of the columns.
  public let header: [String]
  /// The records with as many fields as the header.
  public let records: [CSVRecord]
  /// The problems of the other records.
  public let problems: [TextProblem]
  /// Notes on anything that is not plain comma-separated UTF-8.
  public let notes: [String]
  private let positions: [String: Int]

  /// Reads a table.
  ///
  /// Problems of individual records are collected in ``problems``.
  /// - Throws: ``TextFileError`` when there is no header, or two columns have the same name.
  public init(bytes: [UInt8], file: String, reader: CSVReader = CSVReader()) throws {
    var (records, problems, notes) = reader.records(of: bytes)
    guard let first = records.first else {
      if problems.isEmpty {
        problems = [
          TextProblem(line: nil, message: "the file is empty, expected a line with column names")
        ]
      }
      throw TextFileError(file: file, problems: problems)
    }
    self.init(
      header: first.fields.map(\.trimmed), records: Array(records.dropFirst()),
      problems: problems, notes: notes, headerLine: first.line)
  }

  /// A table of records; those without a field for every column become problems.
  init(
    header: [String], records: [CSVRecord], problems: [TextProblem], notes: [String],
    headerLine: Int? = nil
  ) {
    var problems = problems
    var positions: [String: Int] = [:]
    for (position, name) in header.enumerated() where !name.isEmpty {
      if positions.updateValue(position, forKey: name) != nil {
        problems.append(TextProblem(line: headerLine, message: "two columns are named '\(name)'"))
      }
    }
    var complete: [CSVRecord] = []
    complete.reserveCapacity(records.count)
    for record in records {
      if record.fields.count == header.count {
        complete.append(record)
      } else {
        problems.append(
          TextProblem(
            line: record.line,
            message: "\(record.fields.count) fields, but the header has \(header.count) columns"))
      }
    }
    self.header = header
    self.records = complete
    self.problems = problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    self.notes = notes
    self.positions = positions
  }

  /// Reads a table from a file.
  /// - Throws: ``TextFileError`` when the file cannot be read or has no usable header.
  public init(contentsOf url: URL, reader: CSVReader = CSVReader()) throws {
    try self.init(bytes: readTextFile(url), file: url.path, reader: reader)
  }

  /// The index of the column with a name, if there is one.
  public func column(_ name: String) -> Int? { positions[name] }

  /// The index of the column with the first matching name: exactly, or else ignoring case and with spaces or
  /// hyphens instead of `_`.
  func column(like names: [String]) -> Int? {
    if let exact = names.lazy.compactMap(column).first { return exact }
    let plain = header.map(Self.plain)
    return names.lazy.compactMap { name in plain.firstIndex(of: Self.plain(name)) }.first
  }

  /// A name in lower case, without word separators, for comparisons.
  static func plain(_ name: String) -> String {
    name.lowercased().filter { $0 != "_" && $0 != " " && $0 != "-" }
  }
}

/// The bytes of a text file, with an error that names it.
func readTextFile(_ url: URL) throws -> [UInt8] {
  guard let isDirectory = FileManager.default.isDirectory(url.path) else {
    throw TextFileError(file: url.path, "there is no such file")
  }
  if isDirectory {
    throw TextFileError(file: url.path, "it is a directory, expected a file")
  }
  do {
    return [UInt8](try Data(contentsOf: url))
  } catch {
    throw TextFileError(file: url.path, "the file cannot be read (\(error.localizedDescription))")
  }
}
