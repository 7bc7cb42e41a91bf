/// The common style of all figures.
///
/// The colors are those of Okabe and Ito ("Color universal design", 2008), which can be distinguished with
/// all common types of color blindness; every series also has its own dash pattern or marker, so that
/// figures can be printed in black and white. Text is legible at half size.
public enum PlotStyle {
  /// Series colors, in order of use.
  public static let palette = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5D5D5D", "#8C564B",
  ]
  /// Series dash patterns; an empty pattern is a solid line.
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

  /// The dash pattern of a series by index. When colors repeat, patterns are shifted, so that 32 combinations
  /// are distinct.
  package static func dash(_ index: Int) -> String {
    dashes[(index + index / palette.count) % dashes.count]
  }

  /// The estimated width of a text, for margins and legends. Wide scripts count double.
  static func width(of text: String, size: Double) -> Double {
    text.unicodeScalars.reduce(0) { sum, scalar in
      sum
        + (scalar.value >= 0x2E80
          ? 1.0 : "ijl.,:;'|!()[] ".unicodeScalars.contains(scalar) ? 0.36 : 0.62)
    } * size
  }

  /// Wraps a text at word boundaries.
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
