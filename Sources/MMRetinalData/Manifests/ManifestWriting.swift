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

  /// The manifest as JSON Lines, one object per row.
  public func jsonLines() throws -> String {
    try rows.map { row in
      var object: [String: JSONValue] = [
        "image": .string(row.image), "modality": .string(row.modality.rawValue),
      ]
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
