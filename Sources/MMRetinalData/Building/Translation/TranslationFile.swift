import Foundation
import FundusTensor

/// A file of captions with room for their translations: CSV, or JSON Lines by the extension `jsonl`.
///
/// Columns: `key` (an image of `pairs.jsonl`), `language` and `source` (the caption), `translation_language`,
/// `translation` (empty until somebody fills it in), `images` (how many images have the caption).
public struct TranslationFile: CaptionTranslating {
  /// A line of the file.
  public struct Entry: Sendable, Hashable {
    /// The image that the caption belongs to.
    public let key: String
    /// The caption when the file was written.
    public let source: String
    /// The translation; empty if there is none.
    public let translation: String
    /// The line in the file.
    public let line: Int
  }

  /// The path, for messages.
  public let path: String
  /// All lines.
  public let entries: [Entry]

  /// Reads a file.
  ///
  /// - Parameter url: a CSV file, or JSON Lines if it ends in `.jsonl`.
  /// - Throws: ``TextFileError`` when the file cannot be read, lacks a column, has records that cannot be read, an
  ///   empty key, or two different translations for one key.
  public init(contentsOf url: URL) throws {
    path = url.path
    let bytes = try readTextFile(url)
    let table = try CSVTable(bytes: bytes, of: url)
    if !table.problems.isEmpty { throw TextFileError(file: path, problems: table.problems) }
    if url.isJSONLines, table.records.isEmpty {
      entries = []
      return
    }
    var columns: [Int] = []
    for name in ["key", "source", "translation"] {
      guard let column = table.column(name) else {
        throw TextFileError(
          file: path,
          "there is no column '\(name)'; expected a file that --export-translations wrote")
      }
      columns.append(column)
    }
    var entries: [Entry] = []
    var seen: [String: Int] = [:]
    for record in table.records {
      let entry = Entry(
        key: record.fields[columns[0]].trimmed, source: record.fields[columns[1]],
        translation: PrintedText.clean(record.fields[columns[2]]), line: record.line)
      if entry.key.isEmpty {
        throw TextFileError(
          file: path, problems: [TextProblem(line: entry.line, message: "the key is empty")])
      }
      if let other = seen[entry.key] {
        if entries[other].translation == entry.translation { continue }
        throw TextFileError(
          file: path,
          problems: [
            TextProblem(
              line: entry.line,
              message: "'\(entry.key.abbreviated())' has another translation on line "
                + "\(entries[other].line); keep one of them")
          ])
      }
      seen[entry.key] = entries.count
      entries.append(entry)
    }
    self.entries = entries
  }

  /// The translations that still belong to a caption of the dataset.
  ///
  /// - Parameter requests: captions that stand in one language only.
  /// - Returns: translations; the notes name keys that no such caption has, captions that have changed since the
  ///   file was written, and how many lines are still empty.
  public func translations(of requests: [TranslationRequest]) -> TranslationAnswers {
    var answers = TranslationAnswers()
    var byImage: [String: Int] = [:]
    for (index, request) in requests.enumerated() {
      for image in request.images { byImage[image] = index }
    }
    let name = URL(filePath: path).lastPathComponent
    var empty = 0
    for entry in entries {
      let place = "\(name), line \(entry.line): "
      guard let index = byImage[entry.key] else {
        answers.notes.append(
          place + "'\(entry.key.abbreviated())' is no pair that lacks a translation")
        continue
      }
      let request = requests[index]
      if PrintedText.clean(entry.source) != PrintedText.clean(request.source) {
        answers.notes.append(
          place
            + "the caption of '\(entry.key.abbreviated())' differs from this source; export it again"
        )
        continue
      }
      if entry.translation.isEmpty {
        empty += 1
        continue
      }
      if PrintedText.isChinese(entry.translation) != (request.target == .chinese) {
        answers.notes.append(
          place + "the translation is not in \(request.target.name); its pairs carry a flag")
      }
      answers.texts[request.key] = entry.translation
    }
    let limit = 50
    if answers.notes.count > limit {
      let more = answers.notes.count - limit
      answers.notes =
        answers.notes.prefix(limit) + ["\(name): \(counted(more, "more line")) like these"]
    }
    if empty > 0 {
      answers.notes.append(
        "\(name): \(counted(empty, "translation")) of \(entries.count) "
          + "\(empty == 1 ? "is" : "are") still empty")
    }
    return answers
  }

  /// Writes captions for a translator, with empty translations.
  ///
  /// - Parameters:
  ///   - requests: the captions.
  ///   - url: where to; JSON Lines if it ends in `.jsonl`, CSV otherwise.
  ///   - force: whether an existing file may be replaced.
  /// - Throws: an error of writing.
  public static func write(_ requests: [TranslationRequest], to url: URL, force: Bool) throws {
    let text: String
    if url.isJSONLines {
      text = try requests.map { try JSONText.encode(Line($0)) + "\n" }.joined()
    } else {
      text = CSVWriter.text(
        header: ["key", "language", "source", "translation_language", "translation", "images"],
        rows: requests.map {
          [
            $0.key, $0.language.rawValue, $0.source, $0.target.rawValue, "", "\($0.images.count)",
          ]
        })
    }
    try AtomicFile.write(text, to: url, force: force)
  }

  /// A line of JSON.
  private struct Line: Encodable {
    let request: TranslationRequest

    init(_ request: TranslationRequest) { self.request = request }

    enum CodingKeys: String, CodingKey {
      case key, language, source, translation, images
      case target = "translation_language"
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(request.key, forKey: .key)
      try values.encode(request.language, forKey: .language)
      try values.encode(request.source, forKey: .source)
      try values.encode(request.target, forKey: .target)
      try values.encode("", forKey: .translation)
      try values.encode(request.images.count, forKey: .images)
    }
  }
}

extension CaptionLanguage {
  /// The language's name.
  fileprivate var name: String { self == .english ? "English" : "Chinese" }
}
