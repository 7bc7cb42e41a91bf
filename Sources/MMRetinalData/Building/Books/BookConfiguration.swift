import Foundation
import FundusTensor

/// Known properties of a book. Without it, everything is detected from the book.
public struct BookConfiguration: Sendable, Hashable, Codable {
  /// The kinds of label that begin a caption; nil to find them.
  public var labels: [FigureLabel.Style]?
  /// The position of captions; nil to detect it for each book.
  public var position: CaptionPosition?
  /// The languages of captions; nil to detect them from the text.
  public var languages: [CaptionLanguage]?

  /// The position of a caption relative to its images.
  public enum CaptionPosition: String, Sendable, Hashable, Codable, CaseIterable {
    case below, above, beside
  }

  /// A configuration that detects everything.
  public init() {}

  /// Whether a text is the Chinese one: by its letters, unless the configuration names one language.
  func isChinese(_ text: String, label: FigureLabel.Style) -> Bool {
    if let languages, Set(languages).count == 1 { return languages[0] == .chinese }
    return PrintedText.isChinese(text) || text.isEmpty && label == .chinese
  }

  /// The presets: the four kinds of caption of MM-Retinal's books.
  public static let presets: [(name: String, labels: [FigureLabel.Style])] = [
    ("chinese-english", [.chinese, .fig, .figure, .upperFigure]), ("chinese", [.chinese]),
    ("fig", [.fig]), ("figure", [.upperFigure, .figure]),
  ]

  /// The preset with a name; nil if there is none.
  public init?(preset name: String) {
    guard let found = Self.presets.first(where: { $0.name == name.lowercased() }) else {
      return nil
    }
    labels = found.labels
    if name.lowercased() == "chinese-english" { languages = [.english, .chinese] }
    if name.lowercased() == "chinese" { languages = [.chinese] }
    if name.lowercased() == "fig" || name.lowercased() == "figure" { languages = [.english] }
  }

  /// Reads a configuration file: a JSON object with `preset`, `labels` (`图`, `Fig.`, `Figure`, `FIGURE`),
  /// `position` (`below`, `above`, `beside`) and `languages` (`en`, `zh`), each optional.
  /// - Throws: ``BookError`` for a file that cannot be read, unknown members and unknown values.
  public init(contentsOf url: URL) throws {
    let name = url.path
    let value: JSONValue
    do {
      value = try JSONValue(parsing: try readTextFile(url))
    } catch {
      throw BookError(book: name, "the configuration is not JSON: \(error)")
    }
    guard case .object(let members) = value else {
      throw BookError(book: name, "the configuration must be a JSON object")
    }
    self.init()
    for member in members {
      let (key, value) = (member.name, member.value)
      func wrong(_ expected: String) -> BookError {
        BookError(book: name, "'\(key)' must be \(expected)")
      }
      func list<Value: RawRepresentable<String> & CaseIterable>(_: Value.Type) throws -> [Value] {
        let expected =
          "a list of " + Value.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        guard case .array(let items) = value, !items.isEmpty else { throw wrong(expected) }
        return try items.map {
          guard case .string(let text) = $0, let item = Value(rawValue: text) else {
            throw wrong(expected)
          }
          return item
        }
      }
      switch key {
      case "preset":
        guard case .string(let text) = value, let preset = BookConfiguration(preset: text) else {
          throw wrong("one of " + Self.presets.map { "'\($0.name)'" }.joined(separator: ", "))
        }
        labels = labels ?? preset.labels
        languages = languages ?? preset.languages
      case "labels": labels = try list(FigureLabel.Style.self)
      case "languages": languages = try list(CaptionLanguage.self)
      case "position":
        guard case .string(let text) = value, let position = CaptionPosition(rawValue: text) else {
          throw wrong("'below', 'above' or 'beside'")
        }
        self.position = position
      default:
        throw BookError(
          book: name,
          "the configuration has an unknown member '\(key.abbreviated())'; known are preset, labels, position and languages"
        )
      }
    }
  }
}
