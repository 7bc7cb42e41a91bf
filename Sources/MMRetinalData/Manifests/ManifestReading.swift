import Foundation

/// Parses manifest files into rows and collects problems.
struct ManifestReading {
  let form: Manifest.Form
  let modality: ImagingModality

  /// A problem of a row, without its line.
  struct RowProblem: Error {
    let message: String
    var kind = TextProblem.Kind.format
  }

  func csv(
    _ bytes: [UInt8], file: String
  ) throws -> (rows: [ManifestRow], problems: [TextProblem], notes: [String]) {
    let table = try CSVTable(bytes: bytes, file: file)
    let columns: ManifestColumns
    do throws(TextProblem) {
      columns = try ManifestColumns(table, form: form)
    } catch {
      throw TextFileError(file: file, problems: [error])
    }
    let others = columns.others(in: table)
    let (rows, problems) = gather(table.records, problems: table.problems, line: \.line) {
      record throws(RowProblem) in
      let fields = record.fields
      return try row(
        image: fields[columns.image], modality: columns.modality.map { fields[$0] },
        content: try content(of: fields, columns),
        columns: Dictionary(uniqueKeysWithValues: others.map { ($0.name, fields[$0.position]) }),
        line: record.line)
    }
    return (rows, problems, table.notes + columns.notes)
  }

  private func content(
    of fields: [String], _ columns: ManifestColumns
  ) throws(RowProblem) -> ManifestRow.Content {
    if !columns.captions.isEmpty {
      return try captions(columns.captions.map { ($0, fields[$1]) })
    }
    if let position = columns.label {
      guard !Self.isMissing(fields[position]) else {
        throw RowProblem(message: "the label is empty")
      }
      return .labels(attributes: [], categories: [fields[position].trimmed])
    }
    guard let position = columns.categories else {
      preconditionFailure("a manifest has captions, categories or labels")
    }
    let attributes =
      if let attributes = columns.attributes {
        try list(fields[attributes], column: "attributes")
      } else {
        [String]()
      }
    return try labels(
      attributes: attributes, categories: try list(fields[position], column: "categories"))
  }

  /// The rows of all valid records, and the problems of the others.
  private func gather<Record>(
    _ records: [Record], problems: [TextProblem], line: (Record) -> Int,
    _ read: (Record) throws(RowProblem) -> ManifestRow
  ) -> ([ManifestRow], [TextProblem]) {
    var rows: [ManifestRow] = []
    rows.reserveCapacity(records.count)
    var problems = problems
    for record in records {
      do throws(RowProblem) {
        rows.append(try read(record))
      } catch {
        problems.append(TextProblem(line: line(record), message: error.message, kind: error.kind))
      }
    }
    problems.sort { ($0.line ?? 0) < ($1.line ?? 0) }
    return (rows, problems)
  }

  // MARK: - Parts of a row

  private func row(
    image: String, modality name: String?, content: ManifestRow.Content, columns: [String: String],
    line: Int
  ) throws(RowProblem) -> ManifestRow {
    var modality = modality
    if let name, !name.trimmed.isEmpty {
      guard let named = ImagingModality(named: name) else {
        throw RowProblem(
          message: "unknown modality '\(name.abbreviated())', expected CFP, FFA or OCT")
      }
      modality = named
    }
    do throws(ManifestPathError) {
      return try ManifestRow(
        image: image, modality: modality, content: content, columns: columns, line: line)
    } catch {
      throw RowProblem(message: error.description, kind: .path)
    }
  }

  private func list(_ cell: String, column: String) throws(RowProblem) -> [String] {
    if Self.isMissing(cell) {
      throw RowProblem(message: "'\(column)' is missing, expected a list (write [] for none)")
    }
    do throws(PythonListLiteral.ParseError) {
      return try PythonListLiteral.parse(cell)
    } catch {
      throw RowProblem(
        message: "'\(column)': \(error)"
          + (cell.contains("[") ? "" : " (a column of plain labels must be named 'label')"))
    }
  }

  private func labels(attributes: [String], categories: [String])
    throws(RowProblem) -> ManifestRow.Content
  {
    guard form == .captions else { return .labels(attributes: attributes, categories: categories) }
    guard categories.count == 1, let caption = categories.first else {
      throw RowProblem(
        message: "expected one caption in 'categories', found a list of \(categories.count)")
    }
    return try captions([(.english, caption)])
  }

  private func captions(_ cells: [(CaptionLanguage, String?)]) throws(RowProblem)
    -> ManifestRow.Content
  {
    var captions: [CaptionLanguage: String] = [:]
    for (language, cell) in cells {
      if let cell, !Self.isMissing(cell) { captions[language] = cell }
    }
    // A row may have text in one language only; training checks the language that it needs.
    if captions.isEmpty {
      let found = (cells.first?.1 ?? "").trimmed
      throw RowProblem(
        message: "the caption is missing" + (found.isEmpty ? "" : " (found '\(found)')"),
        kind: .missingCaption)
    }
    return .captions(captions)
  }

  /// Whether a cell contains a placeholder for a missing value.
  private static func isMissing(_ cell: String) -> Bool {
    ["", "nan", "none", "null"].contains(cell.trimmed.lowercased())
  }
}

// MARK: - JSON Lines

extension ManifestReading {
  private struct Object: Decodable {
    var image: String?
    var atributes: [String]?
    var attributes: [String]?
    var categories: [String]?
    var caption: String?
    var captionEnglish: String?
    var captionChinese: String?
    var modality: String?
    var columns: [String: String] = [:]

    enum CodingKeys: String, CodingKey {
      case image, atributes, attributes, categories, caption, modality
      case captionEnglish = "caption_en"
      case captionChinese = "caption_zh"
    }

    private struct AnyKey: CodingKey {
      let stringValue: String
      let intValue: Int? = nil
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      image = try values.decodeIfPresent(String.self, forKey: .image)
      atributes = try values.decodeIfPresent([String].self, forKey: .atributes)
      attributes = try values.decodeIfPresent([String].self, forKey: .attributes)
      categories = try values.decodeIfPresent([String].self, forKey: .categories)
      caption = try values.decodeIfPresent(String.self, forKey: .caption)
      captionEnglish = try values.decodeIfPresent(String.self, forKey: .captionEnglish)
      captionChinese = try values.decodeIfPresent(String.self, forKey: .captionChinese)
      modality = try values.decodeIfPresent(String.self, forKey: .modality)
      let all = try decoder.container(keyedBy: AnyKey.self)
      for key in all.allKeys where CodingKeys(stringValue: key.stringValue) == nil {
        if let text = try? all.decode(String.self, forKey: key) {
          columns[key.stringValue] = text
        } else if let number = try? all.decode(Int.self, forKey: key) {
          columns[key.stringValue] = String(number)
        }
      }
      columns["modality"] = modality
    }
  }

  func jsonLines(
    _ bytes: [UInt8], file: String
  ) throws -> (rows: [ManifestRow], problems: [TextProblem], notes: [String]) {
    let text: (bytes: [UInt8], note: String?)
    do throws(TextProblem) {
      text = try TextEncoding.utf8(bytes)
    } catch {
      throw TextFileError(file: file, problems: [error])
    }
    let lines = text.bytes.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    )
    .enumerated().map { (number: $0.offset + 1, bytes: $0.element) }
    .filter { line in !line.bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
    let decoder = JSONDecoder()
    let (rows, problems) = gather(lines, problems: [], line: \.number) { line throws(RowProblem) in
      var object: Object
      do {
        object = try decoder.decode(Object.self, from: Data(line.bytes))
      } catch {
        throw RowProblem(message: Self.explanation(of: error))
      }
      guard let image = object.image else { throw RowProblem(message: "'image' is missing") }
      let caption = object.caption ?? object.captionEnglish
      let content: ManifestRow.Content
      if form != .labels, caption != nil || object.captionChinese != nil {
        content = try captions(
          caption == nil
            ? [(.chinese, object.captionChinese)]
            : [(.english, caption), (.chinese, object.captionChinese)])
      } else if let categories = object.categories {
        content = try labels(
          attributes: object.attributes ?? object.atributes ?? [], categories: categories)
      } else if form != .captions, let label = object.columns.removeValue(forKey: "label"),
        !Self.isMissing(label)
      {
        content = .labels(attributes: [], categories: [label.trimmed])
      } else {
        throw RowProblem(
          message: form == .labels
            ? "'categories' or 'label' is missing" : "'caption', 'categories' or 'label' is missing"
        )
      }
      return try row(
        image: image, modality: object.modality, content: content, columns: object.columns,
        line: line.number)
    }
    return (rows, problems, [text.note].compactMap(\.self))
  }

  private static func explanation(of error: any Error) -> String {
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty
        ? "expected a JSON object" : "'\(path)': \(context.debugDescription.abbreviated(to: 120))"
    default: return "the line is not valid JSON"
    }
  }
}
