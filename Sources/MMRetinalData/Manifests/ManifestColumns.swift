/// The columns of a manifest table, and notes on how they were identified.
struct ManifestColumns {
  /// The path of the image.
  let image: Int
  /// Python lists of labels.
  let categories: Int?
  /// A label as plain text, if there are no lists.
  let label: Int?
  /// Python lists of attributes.
  let attributes: Int?
  /// Captions by language.
  let captions: [(CaptionLanguage, Int)]
  /// `CFP`, `FFA` or `OCT`.
  let modality: Int?
  /// Notes on columns with other names.
  let notes: [String]

  /// Names of the column with the image path: the standard one, then those of public datasets.
  private static let imageNames = [
    "image", "image_path", "img_path", "file_path", "path", "filename", "file", "image_name",
    "image_file", "img", "image_id", "id_code",
  ]
  /// Names of a column with one label per row.
  private static let labelNames = [
    "label", "category", "class", "diagnosis", "grade", "retinopathy_grade", "level",
  ]

  /// Identifies the columns.
  /// - Throws: an error that names the missing column and the existing ones.
  init(_ table: CSVTable, form: Manifest.Form) throws(TextProblem) {
    func missing(_ columns: String) -> TextProblem {
      TextProblem(
        line: nil,
        message: "the header must contain a column \(columns), found "
          + table.header.prefix(12).map { "'\($0.abbreviated(to: 30))'" }.joined(separator: ", "))
    }
    guard let image = table.column(like: Self.imageNames) else { throw missing("'image'") }
    let captions: [(CaptionLanguage, Int)] =
      form == .labels
      ? []
      : CaptionLanguage.allCases.compactMap { language in
        table.column(like: language.columns).map { (language, $0) }
      }
    categories = captions.isEmpty ? table.column(like: ["categories"]) : nil
    label =
      captions.isEmpty && categories == nil && form != .captions
      ? table.column(like: Self.labelNames) : nil
    guard !captions.isEmpty || categories != nil || label != nil else {
      switch form {
      case .automatic: throw missing("'categories', 'label' or 'caption'")
      case .labels: throw missing("'categories' or 'label'")
      case .captions: throw missing("'caption' or 'categories'")
      }
    }
    attributes = categories == nil ? nil : table.column(like: ["atributes", "attributes"])
    modality = table.column(like: ["modality"])
    self.image = image
    self.captions = captions
    var notes: [String] = []
    func tell(_ position: Int?, _ what: String, known: [String]) {
      if let position, !known.contains(table.header[position]) {
        notes.append("the \(what) are those of the column '\(table.header[position])'")
      }
    }
    tell(image, "images", known: ["image"])
    tell(categories, "labels", known: ["categories"])
    // The generic names are documented; grades of a specific disease may not be intended as label.
    tell(label, "labels", known: Array(Self.labelNames.prefix(5)))
    for (language, position) in captions {
      tell(position, "captions", known: language.columns)
    }
    self.notes = notes
  }

  /// The other columns, with their names.
  func others(in table: CSVTable) -> [(position: Int, name: String)] {
    let read = Set([image, categories, label, attributes].compactMap(\.self) + captions.map(\.1))
    return table.header.enumerated().filter { !$1.isEmpty && !read.contains($0) }
      .map { ($0.offset, $0.element) }
  }
}
