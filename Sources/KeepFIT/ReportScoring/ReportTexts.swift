import Foundation
import FundusTensor
import MMRetinalData

/// Texts by study, as a file of references or hypotheses holds them.
///
/// Two forms are read: JSON Lines of `{"id", "text"}`, and the JSON of COCO captions, which is an object
/// with `annotations`, or a list, of `{"image_id", "caption"}`. Identifiers are texts or numbers, and are
/// compared as texts. Other members are ignored.
public struct ReportTexts: Sendable {
  /// The maximum number of words of a text.
  public static let wordLimit = 5000

  /// The texts of each study in the order of the file.
  public struct Study: Sendable {
    /// The identifier of the study.
    public let id: String
    /// Its texts; at least one. Several in the COCO form only.
    public var texts: [String]
  }

  /// The path of the file.
  public let file: String
  /// Its studies in the order in which they first occur.
  public let studies: [Study]

  /// Reads a file.
  /// - Parameters:
  ///   - url: the file.
  ///   - allowsSeveral: whether a study of the COCO form may have several texts, as references do.
  /// - Throws: `TextFileError` with the lines that are wrong: no JSON, members that are missing or of
  ///   another type, identifiers that occur twice, texts of more than ``wordLimit`` words, no text at all.
  public init(contentsOf url: URL, allowsSeveral: Bool) throws {
    file = url.relativePath
    let bytes = try ReportFile.bytes(of: url)
    var reading = Reading(file: file)
    if let entries = try Self.captions(bytes, isLines: url.pathExtension == "jsonl", file: file) {
      reading.allowsSeveral = allowsSeveral
      for (index, entry) in entries.enumerated() {
        reading.add(
          entry, id: "image_id", text: "caption", place: "annotation \(index + 1)", line: nil)
      }
    } else {
      for (number, line) in ReportFile.lines(bytes) {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
        do {
          let value = try JSONValue(parsing: Array(line))
          reading.add(value, id: "id", text: "text", place: "the line", line: number)
        } catch {
          reading.problems.append(
            TextProblem(line: number, message: "is not a JSON object: \(error)"))
        }
      }
    }
    studies = try reading.finished()
  }

  /// The entries of the COCO form; nil for JSON Lines.
  private static func captions(
    _ bytes: [UInt8], isLines: Bool, file: String
  ) throws(TextFileError) -> [JSONValue]? {
    if isLines { return nil }
    let first = ReportFile.lines(bytes).first { !$0.bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 } }
    if let first, let value = try? JSONValue(parsing: Array(first.bytes)), value.members != nil,
      value["annotations"] == nil
    {
      return nil
    }
    let isList = first?.bytes.first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "[")
    let whole: JSONValue
    do {
      whole = try JSONValue(parsing: bytes)
    } catch {
      // Anything else is most likely meant to be JSON Lines, whose reader names the line.
      guard isList else { return nil }
      throw TextFileError(
        file: file, problems: [TextProblem(line: nil, message: "is not a JSON list: \(error)")])
    }
    if let entries = whole.elements ?? whole["annotations"]?.elements { return entries }
    let found = whole["annotations"].map { "'annotations' is \($0.kind), expected a list" }
    throw TextFileError(
      file: file,
      problems: [
        TextProblem(
          line: nil,
          message: found
            ?? "is neither JSON Lines of {\"id\", \"text\"} nor COCO captions with 'annotations'")
      ])
  }

  /// Gathers studies and problems.
  private struct Reading {
    let file: String
    var allowsSeveral = false
    var studies: [Study] = []
    var places: [ExactText: Int] = [:]
    var problems: [TextProblem] = []

    mutating func add(_ value: JSONValue, id: String, text: String, place: String, line: Int?) {
      do throws(TextProblem) {
        let (key, words) = try Self.parts(value, id: id, text: text, place: place, line: line)
        if let known = places[ExactText(key)] {
          guard allowsSeveral else {
            throw TextProblem(
              line: line,
              message: "\(line == nil ? place + ": " : "")the \(id) '\(key.quotable(limit: 60))' "
                + "occurs twice")
          }
          studies[known].texts.append(words)
        } else {
          places[ExactText(key)] = studies.count
          studies.append(Study(id: key, texts: [words]))
        }
      } catch {
        problems.append(error)
      }
    }

    private static func parts(
      _ value: JSONValue, id: String, text: String, place: String, line: Int?
    ) throws(TextProblem) -> (id: String, text: String) {
      let prefix = line == nil ? place + ": " : ""
      func fail(_ message: String) -> TextProblem {
        TextProblem(line: line, message: prefix + message)
      }
      guard value.members != nil else { throw fail("is \(value.kind), expected an object") }
      guard let identifier = value[id] else { throw fail("'\(id)' is missing") }
      guard let content = value[text] else { throw fail("'\(text)' is missing") }
      let key: String
      switch identifier {
      case .string(let text): key = text
      case .integer(let number): key = String(number)
      case .number(let number):
        guard abs(number) < 0x1p53 else {
          throw fail("'\(id)' is a number with too many digits; write it in quotes")
        }
        key = "\(number)"
      default: throw fail("'\(id)' is \(identifier.kind), expected a string or a number")
      }
      guard let words = content.text else {
        throw fail("'\(text)' is \(content.kind), expected a string")
      }
      let count = words.utf8.count > wordLimit ? ScoringTokens.words(words).count : 0
      guard count <= wordLimit, words.utf8.count <= 40 * wordLimit else {
        throw fail(
          "the text of '\(key.quotable(limit: 60))' has \(words.utf8.count) bytes and "
            + "\(ScoringTokens.words(words).count) words, more than the limit of \(wordLimit) words"
        )
      }
      return (key, words)
    }

    func finished() throws(TextFileError) -> [Study] {
      guard problems.isEmpty else { throw TextFileError(file: file, problems: problems) }
      guard !studies.isEmpty else {
        throw TextFileError(
          file: file, problems: [TextProblem(line: nil, message: "has no reports")])
      }
      return studies
    }
  }
}

extension ReportPair {
  /// The reports of two files, in the order of the references.
  /// - Throws: `TextFileError` for either file, and when the identifiers are not the same in both.
  public static func pairs(references: URL, hypotheses: URL) throws -> [ReportPair] {
    let wanted = try ReportTexts(contentsOf: references, allowsSeveral: true)
    let written = try ReportTexts(contentsOf: hypotheses, allowsSeveral: false)
    let hypothesis = Dictionary(
      uniqueKeysWithValues: written.studies.map { (ExactText($0.id), $0.texts[0]) })
    let known = Set(wanted.studies.map { ExactText($0.id) })
    let missing = wanted.studies.filter { hypothesis[ExactText($0.id)] == nil }
    let unknown = written.studies.filter { !known.contains(ExactText($0.id)) }
    var problems: [TextProblem] = []
    if !missing.isEmpty {
      problems.append(
        TextProblem(
          line: nil, message: "the hypothesis is missing for the reference\(list(missing))"))
    }
    if !unknown.isEmpty {
      problems.append(
        TextProblem(
          line: nil,
          message: "\(wanted.file) has no reference for the hypothes\(list(unknown, "is", "es"))"))
    }
    guard problems.isEmpty else { throw TextFileError(file: written.file, problems: problems) }
    return wanted.studies.map { study in
      ReportPair(
        id: study.id, hypothesis: hypothesis[ExactText(study.id)] ?? "", references: study.texts)
    }
  }

  /// The identifiers after a noun: ` 'a'`, `s 'a', 'b' and 3 more`.
  private static func list(
    _ studies: [ReportTexts.Study], _ singular: String = "", _ plural: String = "s"
  ) -> String {
    let names = studies.prefix(5).map { "'\($0.id.quotable(limit: 60))'" }.joined(separator: ", ")
    return (studies.count == 1 ? singular : plural) + " " + names
      + (studies.count > 5 ? " and \(studies.count - 5) more" : "")
  }
}
