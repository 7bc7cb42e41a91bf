/// The columns of a manifest table, and notes on how they were identified.
struct ManifestColumns {
  /// The kind of annotation of the rows.
  enum Content {
    /// No annotation.
    case none
    /// Captions by language.
    case captions([(CaptionLanguage, TableColumn)])
    /// Lists of labels in Python's syntax.
    case lists(TableColumn)
    /// A label as plain text, or several, divided by the separator.
    case label(TableColumn, separator: Character?)
    /// A column of 0 and 1 for each label.
    case indicators([TableColumn])

    var columns: [TableColumn] {
      switch self {
      case .none: []
      case .captions(let captions): captions.map(\.1)
      case .lists(let column), .label(let column, _): [column]
      case .indicators(let columns): columns
      }
    }
  }

  /// The path of the image.
  let image: TableColumn
  /// The annotation of the image.
  let content: Content
  /// Python lists of attributes.
  let attributes: TableColumn?
  /// `CFP`, `FFA` or `OCT`.
  let modality: TableColumn?
  /// The split, if its column is not named `split`.
  let split: TableColumn?
  /// The columns that are kept as they are: a pair under its common name.
  let others: [TableColumn]
  /// The column that identifies the patient of a row with two eyes, if there is one.
  let patient: TableColumn?
  /// Notes on columns with other names.
  let notes: [String]

  /// Identifies the columns.
  /// - Parameters:
  ///   - table: the table, whose values tell file names, lists and indicators from other text.
  ///   - form: the content to look for.
  ///   - selection: the columns that are known.
  ///   - exists: whether a path has a file, which decides between several columns of paths.
  /// - Throws: an error that names the missing column and the existing ones.
  init(
    _ table: CSVTable, form: Manifest.Form, selection: ColumnSelection,
    exists: (String) -> Bool
  ) throws(TextProblem) {
    let finder = ColumnFinder(table)
    image = try finder.image(selection, exists: exists)
    content = try finder.content(form, selection, image: image)
    var hasLists = false
    if case .lists = content { hasLists = true }
    attributes = hasLists ? finder.column(like: ["atributes", "attributes"]) : nil
    modality = finder.column(like: ["modality"])
    split = try finder.split(selection)
    let used = Set(
      ([image, attributes, split].compactMap(\.self) + content.columns).flatMap(\.positions))
    others = finder.others(used: used, joinsPairs: image.isPair)
    patient = image.isPair ? finder.patient(others) : nil
    notes =
      Self.notes(
        image: image, content: content, split: split, patient: patient, selection, table)
      + Self.notes(onRival: content, others)
  }

  /// A note on labels beside captions, or captions beside labels: one of them is read.
  private static func notes(onRival content: Content, _ others: [TableColumn]) -> [String] {
    let (read, rivals): (String, [String])
    switch content {
    case .none: return []
    case .captions: (read, rivals) = ("captions", ColumnFinder.labelNames + ["categories"])
    case .lists, .label, .indicators:
      (read, rivals) = ("labels", CaptionLanguage.allCases.flatMap(\.columns))
    }
    let plain = Set(rivals.map(CSVTable.plain))
    let names = others.map(\.name).filter { plain.contains(CSVTable.plain($0)) }
    return names.isEmpty
      ? []
      : [
        "the \(read) are read; not used: the column\(names.count == 1 ? "" : "s") "
          + names.map { "'\($0)'" }.joined(separator: ", ")
      ]
  }

  /// The columns by role.
  func roles(in table: CSVTable) -> [Manifest.ColumnRole] {
    var roles: [Manifest.ColumnRole] = []
    func add(_ role: String, _ columns: [TableColumn]) {
      guard !columns.isEmpty else { return }
      roles.append(
        Manifest.ColumnRole(
          role: role, columns: columns.flatMap(\.positions).map { table.header[$0] }))
    }
    add("image", [image])
    if case .captions = content {
      add("caption", content.columns)
    } else {
      add("label", content.columns)
    }
    add("attributes", [attributes].compactMap(\.self))
    add("modality", [modality].compactMap(\.self))
    add(
      "split",
      [split ?? table.column("split").map { TableColumn("split", at: $0) }].compactMap(\.self))
    // Kept in the rows; only a grouping reads them.
    let hasRole = ["split", "modality", "laterality"]
    add(
      "other",
      others.filter {
        let name = CSVTable.plain($0.name)
        return !hasRole.contains(name) && !ImageGrouping.patientColumns.contains(name)
      })
    return roles
  }

  private static func notes(
    image: TableColumn, content: Content, split: TableColumn?, patient: TableColumn?,
    _ selection: ColumnSelection, _ table: CSVTable
  ) -> [String] {
    var notes: [String] = []
    // What the user chose needs no note.
    func tell(_ column: TableColumn, _ what: String, known: [String], isChosen: Bool = false) {
      let names = column.positions.map { table.header[$0] }
      guard !isChosen, names != known.filter(names.contains) else { return }
      notes.append(
        "the \(what) are those of the column\(names.count == 1 ? "" : "s") "
          + names.map { "'\($0)'" }.joined(separator: " and "))
    }
    tell(image, "images", known: ["image"], isChosen: !selection.images.isEmpty)
    if image.isPair {
      notes.append(
        patient.map { "both eyes of a row are one patient, by the column '\($0.name)'" }
          ?? "both eyes of a row are one patient")
    }
    switch content {
    case .none: break
    case .captions(let captions):
      for (language, column) in captions { tell(column, "captions", known: language.columns) }
    case .lists(let column):
      tell(column, "labels", known: ["categories"], isChosen: !selection.labels.isEmpty)
    case .label(let column, let separator):
      // The generic names are documented; grades of a specific disease may not be intended as label.
      tell(
        column, "labels", known: Array(ColumnFinder.labelNames.prefix(5)),
        isChosen: !selection.labels.isEmpty)
      if let separator { notes.append("the labels are lists, separated by '\(separator)'") }
    case .indicators(let columns):
      let names = columns.prefix(12).map { "'\($0.name)'" }.joined(separator: ", ")
      let rest = columns.count > 12 ? " and \(columns.count - 12) more" : ""
      notes.append("the labels are the columns \(names)\(rest) with the value 1")
    }
    if let split { tell(split, "splits", known: [], isChosen: selection.split != nil) }
    return notes
  }
}
