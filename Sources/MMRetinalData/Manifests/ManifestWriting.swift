import Foundation

extension Manifest {
  /// The manifest as a CSV file in the published form: an unnamed index, `image`, then either
  /// `atributes` and `categories` or `caption` and `caption_zh` (each when a row has one), and `modality` when
  /// a row is not a color photograph.
  /// - Precondition: the rows are all labeled or all captioned.
  public func csv() -> String {
    let isCaptioned =
      rows.first.map { if case .captions = $0.content { true } else { false } } ?? false
    let hasChinese = rows.contains { $0.caption(in: .chinese) != nil }
    let hasModality = rows.contains { $0.modality != .colorFundus }
    let hasEnglish = rows.contains { $0.caption(in: .english) != nil }
    var header = ["", "image"]
    if !isCaptioned { header += ["atributes", "categories"] }
    if hasEnglish { header.append("caption") }
    if hasChinese { header.append("caption_zh") }
    if hasModality { header.append("modality") }
    let lines = rows.enumerated().map { index, row in
      var fields = ["\(index)", row.image]
      switch row.content {
      case .labels(let attributes, let categories):
        precondition(!isCaptioned, "labeled and captioned rows need separate manifests")
        fields += [PythonListLiteral.text(attributes), PythonListLiteral.text(categories)]
      case .captions(let captions):
        precondition(isCaptioned, "labeled and captioned rows need separate manifests")
        if hasEnglish { fields.append(captions[.english] ?? "") }
        if hasChinese { fields.append(captions[.chinese] ?? "") }
      }
      if hasModality { fields.append(row.modality.rawValue) }
      return fields
    }
    return CSVWriter.text(header: header, rows: lines)
  }

  /// The manifest as a CSV table with all columns: `image`, then `label` if every row has one label, or `attributes`
  /// and `categories`, or captions, then the others. `read` gives the same rows.
  ///
  /// A column whose name would be read as an annotation gets the prefix `original_`.
  /// - Precondition: the rows are all labeled or all captioned.
  public func table() -> String {
    let isCaptioned =
      rows.first.map { if case .captions = $0.content { true } else { false } } ?? false
    let isPlain = rows.allSatisfy { row in
      row.categories.count == 1 && row.attributes.isEmpty
        && row.categories[0] == row.categories[0].trimmed && !row.categories[0].isEmpty
        && !row.categories[0].contains { "|;，[".contains($0) }
    }
    let languages = CaptionLanguage.allCases.filter { language in
      rows.contains { $0.caption(in: language) != nil }
    }
    var header = ["image"]
    header +=
      isCaptioned
      ? languages.map { $0.columns[0] } : isPlain ? ["label"] : ["attributes", "categories"]
    let hasModality = rows.contains { $0.modality != .colorFundus }
    if hasModality { header.append("modality") }
    let known = Set(rows.flatMap(\.columns.keys)).subtracting(["modality"])
    let first = ["split", "patient_id", "laterality"].filter(known.contains)
    let others = first + known.subtracting(first).sorted()
    let reserved = Set(
      ["image", "label", "categories", "attributes", "atributes"]
        + CaptionLanguage.allCases.flatMap(\.columns)
    ).map(CSVTable.plain)
    header += others.map { reserved.contains(CSVTable.plain($0)) ? "original_" + $0 : $0 }
    let lines = rows.map { row in
      var fields = [row.image]
      switch row.content {
      case .labels(let attributes, let categories):
        precondition(!isCaptioned, "labeled and captioned rows need separate manifests")
        fields +=
          isPlain
          ? categories : [PythonListLiteral.text(attributes), PythonListLiteral.text(categories)]
      case .captions(let captions):
        precondition(isCaptioned, "labeled and captioned rows need separate manifests")
        fields += languages.map { captions[$0] ?? "" }
      }
      if hasModality { fields.append(row.modality.rawValue) }
      return fields + others.map { row.columns[$0] ?? "" }
    }
    return CSVWriter.text(header: header, rows: lines)
  }

  /// The manifest as JSON Lines, one object per row, with its other columns.
  public func jsonLines() throws -> String {
    try rows.map { row in
      var object = row.columns.mapValues { JSONValue.string($0) }
      object["image"] = .string(row.image)
      object["modality"] = .string(row.modality.rawValue)
      switch row.content {
      case .labels(let attributes, let categories):
        object["attributes"] = .list(attributes)
        object["categories"] = .list(categories)
      case .captions(let captions):
        object["caption"] = captions[.english].map(JSONValue.string)
        object["caption_zh"] = captions[.chinese].map(JSONValue.string)
      }
      return try JSONText.encode(object) + "\n"
    }.joined()
  }

  private enum JSONValue: Encodable {
    case string(String)
    case list([String])

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .string(let text): try container.encode(text)
      case .list(let texts): try container.encode(texts)
      }
    }
  }
}
