import Foundation

/// Writes comma-separated values according to RFC 4180, with LF line ends and quotes only where needed.
public enum CSVWriter {
  /// One line, with its line end.
  public static func line(_ fields: [String]) -> String {
    // A single empty field would be read as a blank line.
    if fields == [""] { return "\"\"\n" }
    return fields.map(field).joined(separator: ",") + "\n"
  }

  /// The text of a whole table.
  public static func text(header: [String], rows: some Sequence<[String]>) -> String {
    rows.reduce(into: line(header)) { $0 += line($1) }
  }

  private static func field(_ text: String) -> String {
    let needsQuotes = text.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
    guard needsQuotes || text.utf8.starts(with: TextEncoding.mark) else { return text }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
