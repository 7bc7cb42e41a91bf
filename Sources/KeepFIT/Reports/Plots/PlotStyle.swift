/// The look that all figures share.
///
/// The colors are those of Okabe and Ito ("Color universal design", 2008), which people with any
/// common kind of color blindness tell apart; every series also has its own dash or marker, so that
/// a figure survives a black-and-white printer. Letters are large enough to read at half size.
public enum PlotStyle {
  /// Colors for series, in the order in which they are taken.
  public static let palette = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5D5D5D", "#8C564B",
  ]
  /// Stroke patterns for series; an empty pattern is a solid line.
  static let dashes = ["", "9 5", "2 4", "12 4 2 4"]

  static let ink = "#1F2933"
  static let faintInk = "#52606D"
  static let grid = "#E4E7EB"
  static let axis = "#9AA5B1"
  static let font =
    "system-ui, 'Segoe UI', 'DejaVu Sans', 'Noto Sans', Helvetica, Arial, sans-serif"
  static let titleSize = 18.0
  static let labelSize = 15.0
  static let tickSize = 14.0

  /// The color of a series by its position; positions beyond the palette start again.
  public static func color(_ index: Int) -> String { palette[index % palette.count] }

  /// The stroke pattern of a series by its position. Where colors start again, patterns are shifted: 32
  /// series differ in one or the other.
  package static func dash(_ index: Int) -> String {
    dashes[(index + index / palette.count) % dashes.count]
  }

  /// A guess at how wide a text is drawn, for margins and legends. Wide scripts count double.
  static func width(of text: String, size: Double) -> Double {
    text.unicodeScalars.reduce(0) { sum, scalar in
      sum
        + (scalar.value >= 0x2E80
          ? 1.0 : "ijl.,:;'|!()[] ".unicodeScalars.contains(scalar) ? 0.36 : 0.62)
    } * size
  }

  /// Breaks a text between words so that its lines fit.
  static func wrap(_ text: String, width: Double, size: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, Self.width(of: last + " " + word, size: size) <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    let tooWide = lines.contains { Self.width(of: $0, size: size) > width * 1.05 }
    return tooWide ? [text, "", ""] : lines
  }
}
