import Foundation

/// Parses manifest files into rows and collects problems.
struct ManifestReading {
  let form: Manifest.Form
  let modality: ImagingModality
  let selection: ColumnSelection
  /// The root directory of the image paths.
  let root: URL

  /// A problem of a row, without its line.
  struct RowProblem: Error {
    let message: String
    var kind = TextProblem.Kind.format
  }

  func rows(
    of table: CSVTable, file: String
  ) throws -> (
    rows: [ManifestRow], problems: [TextProblem], notes: [String], roles: [Manifest.ColumnRole]
  ) {
    let columns: ManifestColumns
    do throws(TextProblem) {
      columns = try ManifestColumns(table, form: form, selection: selection) {
        ManifestPaths.exists($0, below: root)
      }
    } catch {
      throw TextFileError(file: file, problems: [error])
    }
    var (blank, empty) = (0, 0)
    var rows: [ManifestRow] = []
    rows.reserveCapacity(table.records.count)
    var problems = table.problems
    for record in table.records {
      // A row of a spreadsheet that was emptied.
      if record.isBlank {
        empty += 1
        continue
      }
      do throws(RowProblem) {
        guard columns.image.isPair else {
          rows.append(try row(record, columns, eye: nil))
          continue
        }
        let eyes = Laterality.allCases.filter { eye in
          !Self.isMissing(record.fields[columns.image.position(of: eye)])
        }
        if eyes.isEmpty { throw RowProblem(message: "both image paths are empty", kind: .path) }
        if eyes.count == 1 { blank += 1 }
        for eye in eyes { rows.append(try row(record, columns, eye: eye)) }
      } catch {
        problems.append(
          TextProblem(line: record.line, message: error.message, kind: error.kind))
      }
    }
    problems.sort { ($0.line ?? 0) < ($1.line ?? 0) }
    var notes = table.notes + columns.notes
    if empty > 0 { notes.append("\(counted(empty, "empty row")) left out") }
    if blank > 0 { notes.append("\(counted(blank, "row")) with an image of one eye only") }
    return (rows, problems, notes, columns.roles(in: table))
  }

  /// The row of a record, or of one of its eyes.
  private func row(
    _ record: CSVRecord, _ columns: ManifestColumns, eye: Laterality?
  ) throws(RowProblem) -> ManifestRow {
    func field(_ column: TableColumn) -> String { record.fields[column.position(of: eye)] }
    var others: [String: String] = [:]
    for column in columns.others { others[column.name] = field(column) }
    if let split = columns.split { others["split"] = field(split) }
    if let eye {
      others["laterality"] = eye.rawValue
      if !others.keys.contains(where: { ImageGrouping.patientColumns.contains(CSVTable.plain($0)) })
      {
        others["patient_id"] = columns.patient.map(field) ?? "line \(record.line)"
      }
    }
    return try row(
      image: field(columns.image), modality: columns.modality.map(field),
      content: try content(of: record.fields, columns, eye: eye), columns: others,
      line: record.line)
  }

  private func content(
    of fields: [String], _ columns: ManifestColumns, eye: Laterality?
  ) throws(RowProblem) -> ManifestRow.Content {
    func field(_ column: TableColumn) -> String { fields[column.position(of: eye)] }
    switch columns.content {
    case .none: return .labels(attributes: [], categories: [])
    case .captions(let captions): return try self.captions(captions.map { ($0, field($1)) })
    case .label(let column, let separator):
      guard !Self.isMissing(field(column)) else { throw RowProblem(message: "the label is empty") }
      let labels = separator.map { mark in
        field(column).split(separator: mark).map { String($0).trimmed }.filter { !$0.isEmpty }
      }
      return .labels(attributes: [], categories: labels ?? [field(column).trimmed])
    case .indicators(let columns):
      var present: [String] = []
      for column in columns {
        guard let isPresent = ColumnFinder.isPresent(field(column)) else {
          throw RowProblem(
            message: "'\(column.name)' is '\(field(column).abbreviated())', expected 0 or 1")
        }
        if isPresent { present.append(column.name) }
      }
      return .labels(attributes: [], categories: present)
    case .lists(let column):
      let attributes =
        if let attributes = columns.attributes {
          try list(field(attributes), column: "attributes")
        } else {
          [String]()
        }
      return try labels(
        attributes: attributes,
        categories: try list(field(column), column: column.name))
    }
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
