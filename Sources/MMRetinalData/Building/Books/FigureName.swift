/// The name of a figure's image file, such as `figure01-04-01a.jpg`.
///
/// Grammar: `figure`, up to four numbers with any padding and hyphens between, letters of one case for
/// the panel, `.jpg`, `.jpeg`, `.png` or `.tif`. Letters that follow each other (`AB`) name a composite of
/// these panels; two that do not (`CA`) a panel that was cut again.
public struct FigureName: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Chapter, perhaps section, and figure.
  public let levels: [Int]
  /// The number as written.
  public let printedNumber: String
  /// The panel's letters as written; empty for a figure without panels.
  public let panel: String
  /// The extension, in lower case.
  public let fileExtension: String
  /// The name as it was given.
  public let description: String

  /// Parses a file name without its directories; nil when it does not follow the grammar.
  public init?(_ name: String) {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let suffix = name[name.index(after: dot)...].lowercased()
    guard ["jpg", "jpeg", "png", "tif", "tiff"].contains(suffix),
      name.prefix("figure".count).lowercased() == "figure"
    else { return nil }
    let body = name[..<dot].dropFirst("figure".count)
    let panel = body.drop { ($0.isASCII && $0.isNumber) || $0 == "-" }
    let numbers = body[..<panel.startIndex].split(separator: "-", omittingEmptySubsequences: false)
    guard (1...4).contains(numbers.count),
      panel.allSatisfy({ ("A"..."Z").contains($0) })
        || panel.allSatisfy({ ("a"..."z").contains($0) }),
      panel.utf8.count <= 2 || zip(panel.utf8, panel.utf8.dropFirst()).allSatisfy({ $1 == $0 + 1 })
    else { return nil }
    let levels = numbers.compactMap { Int($0) }
    guard levels.count == numbers.count else { return nil }
    self.levels = levels
    printedNumber = numbers.joined(separator: "-")
    self.panel = String(panel)
    fileExtension = suffix
    description = name
  }

  /// The number without padding and panel, such as `1-4-1`: what captions call the figure.
  public var figure: String { levels.map(String.init).joined(separator: "-") }

  /// The place of the panel among its figure's: 0 for A or a; nil without a panel. A panel that was cut
  /// again counts with its first letter.
  public var panelIndex: Int? {
    panel.uppercased().unicodeScalars.first.map { Int($0.value) - 65 }
  }

  /// By numbers, then by panel.
  public static func < (a: FigureName, b: FigureName) -> Bool {
    a.levels == b.levels
      ? a.panel < b.panel : a.levels.lexicographicallyPrecedes(b.levels)
  }
}
