import Foundation

/// Finds the columns of a table by their names and values.
struct ColumnFinder {
  /// Names of the column with the image path: the standard one, then those of public datasets.
  static let imageNames = [
    "image", "image_path", "img_path", "file_path", "path", "filename", "file", "image_name",
    "image_file", "image_filename", "img_name", "img", "image_id", "id_code", "images", "fundus",
  ]
  /// Names of a column with the labels of a row.
  static let labelNames = [
    "label", "category", "class", "diagnosis", "grade", "retinopathy_grade", "level", "dr_grade",
    "dr_level", "adjudicated_dr_grade", "class_name", "labels", "disease", "diseases", "target",
  ]
  /// Names of a column with the split of a row.
  private static let splitNames = [
    "split", "set", "subset", "partition", "usage", "phase", "data_split", "dataset_split",
  ]
  /// Names of columns of 0 and 1 that are no labels.
  private static let personal: Set<String> = [
    "sex", "gender", "male", "female", "age", "eye", "laterality", "side", "gradable", "quality",
    "camera", "index", "id", "number", "split", "fold", "dilated", "smoker", "smoking",
  ]

  let table: CSVTable
  let pairs: [TableColumn]

  init(_ table: CSVTable) {
    self.table = table
    pairs = TableColumn.pairs(in: table.header)
  }

  /// The column with the first matching name.
  func column(like names: [String]) -> TableColumn? {
    table.column(like: names).map { TableColumn(table.header[$0], at: $0) }
  }

  // MARK: - Roles

  /// The column of images, or one for each eye.
  func image(
    _ selection: ColumnSelection, exists: (String) -> Bool
  ) throws(TextProblem) -> TableColumn {
    if !selection.images.isEmpty { return try named(selection.images, "images") }
    let candidates = Self.imageNames.compactMap { column(like: [$0]) }
    let distinct = candidates.enumerated().filter { index, column in
      !candidates[..<index].contains { $0.positions == column.positions }
    }.map(\.element)
    if distinct.count > 1,
      let found = distinct.first(where: { values($0).prefix(50).contains(where: exists) })
    {
      return found
    }
    if let first = distinct.first { return first }
    let files = pairs.filter(hasFileNames)
    if files.count == 1 { return files[0] }
    let singles = table.header.indices.map { TableColumn(table.header[$0], at: $0) }
      .filter(hasFileNames)
    if files.isEmpty, singles.count == 1 { return singles[0] }
    if let number = column(like: ["id"]) { return number }
    throw missing("'image' with the paths", option: "--image-column")
  }

  /// The columns of the annotation.
  func content(
    _ form: Manifest.Form, _ selection: ColumnSelection, image: TableColumn
  ) throws(TextProblem) -> ManifestColumns.Content {
    if form == .images { return .none }
    if !selection.labels.isEmpty {
      let chosen = try chosenLabels(selection.labels)
      if !image.isPair, let pair = chosen.columns.first(where: \.isPair) {
        throw TextProblem(
          line: nil,
          message: "the labels '\(pair.name)' are those of two eyes, but a row has one image")
      }
      return chosen
    }
    let captions: [(CaptionLanguage, TableColumn)] =
      form == .labels
      ? []
      : CaptionLanguage.allCases.compactMap { language in
        column(like: language.columns).map { (language, $0) }
      }
    if !captions.isEmpty { return .captions(captions) }
    if let lists = column(like: ["categories"]) { return .lists(lists) }
    switch form {
    case .captions: throw missing("'caption' or 'categories'", option: nil)
    case .automatic, .labels, .images: break
    }
    if let label = column(like: Self.labelNames)
      ?? (image.isPair ? pair(like: Self.labelNames) : nil)
    {
      return labels(label)
    }
    let indicators = indicators(besides: image)
    if indicators.count > 1 { return .indicators(indicators) }
    throw missing(
      form == .automatic ? "'categories', 'label' or 'caption'" : "'categories' or 'label'",
      option: "--label-column")
  }

  /// The column of splits, unless it has the standard name.
  func split(_ selection: ColumnSelection) throws(TextProblem) -> TableColumn? {
    if let name = selection.split { return try named([name], "splits") }
    guard table.column("split") == nil, let column = column(like: Self.splitNames) else {
      return nil
    }
    let parts = Set(values(column).map { SplitPart(named: $0) })
    return !parts.contains(nil) && parts.count > 1 ? column : nil
  }

  /// The columns without a role.
  /// - Parameter joinsPairs: whether the two of a pair count as one.
  func others(used: Set<Int>, joinsPairs: Bool) -> [TableColumn] {
    let joined = joinsPairs ? pairs.filter { used.isDisjoint(with: $0.positions) } : []
    let taken = used.union(joined.flatMap(\.positions))
    let single = table.header.indices.filter { !table.header[$0].isEmpty && !taken.contains($0) }
    return joined + single.map { TableColumn(table.header[$0], at: $0) }
  }

  /// The column that is named after the patient, or `ID`.
  func patient(_ others: [TableColumn]) -> TableColumn? {
    let names = ImageGrouping.patientColumns.union(["id"])
    return others.first { names.contains(CSVTable.plain($0.name)) }
  }

  // MARK: - Names and values

  private func named(_ names: [String], _ role: String) throws(TextProblem) -> TableColumn {
    let positions = try Self.list(names, in: table)
    switch positions.count {
    case 1: return positions[0]
    case 2:
      let wanted = Set(positions.flatMap(\.positions))
      if let pair = pairs.first(where: { Set($0.positions) == wanted }) { return pair }
      throw TextProblem(
        line: nil,
        message: "two columns of \(role) must be named after the left and the right eye, found "
          + positions.map { "'\($0.name)'" }.joined(separator: " and "))
    default:
      throw TextProblem(
        line: nil,
        message: "\(positions.count) columns of \(role), expected one, or one for each eye")
    }
  }

  private func chosenLabels(_ names: [String]) throws(TextProblem) -> ManifestColumns.Content {
    let columns = try Self.list(names, in: table)
    return columns.count == 1 ? labels(columns[0]) : .indicators(columns)
  }

  /// The columns with these names; a name with commas may be a list of names.
  private static func list(_ names: [String], in table: CSVTable) throws(TextProblem)
    -> [TableColumn]
  {
    var columns: [TableColumn] = []
    let pairs = TableColumn.pairs(in: table.header)
    func find(_ name: String) -> TableColumn? {
      if let position = table.column(like: [name]) {
        return TableColumn(table.header[position], at: position)
      }
      return pairs.first { CSVTable.plain($0.name) == CSVTable.plain(name) }
    }
    for name in names {
      if let column = find(name) {
        columns.append(column)
        continue
      }
      for part in name.split(separator: ",").map({ String($0).trimmed }) {
        guard let column = find(part) else {
          let near = Suggestions.nearest(to: part, among: table.header.filter { !$0.isEmpty })
          throw TextProblem(
            line: nil,
            message: "there is no column '\(part.abbreviated())'"
              + (near.map { "; did you mean '\($0)'?" } ?? ", found " + Self.shown(table.header)))
        }
        columns.append(column)
      }
    }
    return columns
  }

  private func pair(like names: [String]) -> TableColumn? {
    let plain = names.map(CSVTable.plain)
    return pairs.first { plain.contains(CSVTable.plain($0.name)) }
  }

  private func values(_ column: TableColumn) -> [String] {
    table.records.flatMap { record in column.positions.map { record.fields[$0] } }
  }

  /// Whether most values are names of image files.
  private func hasFileNames(_ column: TableColumn) -> Bool {
    let names = values(column).prefix(100).filter { !$0.trimmed.isEmpty }
    return !names.isEmpty && names.count(where: ImageFormat.hasExtension) * 10 >= names.count * 8
  }

  /// A label, a list in Python's syntax, or a list with separators, by the values.
  private func labels(_ column: TableColumn) -> ManifestColumns.Content {
    let filled = values(column).map(\.trimmed).filter { !$0.isEmpty }
    if !filled.isEmpty, filled.allSatisfy({ $0.hasPrefix("[") && $0.hasSuffix("]") }) {
      return .lists(column)
    }
    let separators: [Character] = ["|", ";", "，"]
    return .label(
      column, separator: separators.first { mark in filled.contains { $0.contains(mark) } })
  }

  /// The columns in which every value is 0 or 1, and which name a label.
  private func indicators(besides image: TableColumn) -> [TableColumn] {
    let records = table.records.filter { !$0.isBlank }
    return table.header.indices.filter { position in
      let name = CSVTable.plain(table.header[position])
      guard !name.isEmpty, !image.positions.contains(position), !Self.personal.contains(name),
        !ImageGrouping.patientColumns.contains(name), !records.isEmpty
      else { return false }
      return records.allSatisfy { Self.isPresent($0.fields[position]) != nil }
    }.map { TableColumn(table.header[$0], at: $0) }
  }

  /// Whether a value of 0 or 1 is 1; nil for any other.
  static func isPresent(_ text: String) -> Bool? {
    switch text.trimmed.lowercased() {
    case "1", "1.0", "true", "yes": true
    case "0", "0.0", "false", "no": false
    default: nil
    }
  }

  private func missing(_ columns: String, option: String?) -> TextProblem {
    TextProblem(
      line: nil,
      message: "the header must contain a column \(columns), found " + Self.shown(table.header)
        + (option.map { "; \($0) names another one" } ?? ""))
  }

  private static func shown(_ header: [String]) -> String {
    header.prefix(12).map { "'\($0.abbreviated(to: 30))'" }.joined(separator: ", ")
      + (header.count > 12 ? ", …" : "")
  }
}
