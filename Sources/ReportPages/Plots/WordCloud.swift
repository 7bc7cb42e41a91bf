import Foundation

/// A word cloud: words with sizes that increase with frequency, packed around the center, mostly horizontal,
/// in viridis colors on white.
///
/// The figure is deterministic: places are searched along a fixed spiral.
public struct WordCloud: Sendable {
  /// A word and how often it occurs.
  public struct Word: Sendable {
    /// The word.
    public var text: String
    /// Its number of occurrences.
    public var count: Int

    /// A word.
    public init(_ text: String, count: Int) {
      self.text = text
      self.count = count
    }
  }

  /// The title.
  public var title: String
  /// The words; the most frequent are drawn largest.
  public var words: [Word]
  /// The maximum number of words.
  public var limit = 150
  /// Width and height in pixels.
  public var size = (width: 640.0, height: 400.0)

  /// A figure with these words.
  public init(title: String, words: [Word]) {
    self.title = title
    self.words = words
  }

  /// Viridis (Smith and van der Walt, 2015) at nine places; the palest two are left out, as they cannot be
  /// read on white.
  private static let colors = [
    "#440154", "#472D7B", "#3B528B", "#2C728E", "#21918C", "#28AE80", "#4FA637",
  ]

  /// The figure as an `<svg>` element.
  public func svg() -> String {
    var canvas = SVGCanvas(width: size.width, height: size.height, title: title)
    if !title.isEmpty { canvas.text(title, 14, 28, size: PlotStyle.titleSize, isBold: true) }
    let top = title.isEmpty ? 6.0 : 42
    let area = PlotArea(left: 8, top: top, width: size.width - 16, height: size.height - top - 8)
    let chosen = words.filter { $0.count > 0 && !$0.text.isEmpty }
      .sorted { ($1.count, $0.text) < ($0.count, $1.text) }.prefix(limit)
    guard let most = chosen.first?.count else { return canvas.svg }
    var taken: [PlotArea] = []
    for (index, word) in chosen.enumerated() {
      let share = (Double(word.count) / Double(most)).squareRoot()
      var letter = max(9, 54 * share)
      let isUpright = index > 3 && index % 8 == 5
      // A word that finds no place is tried smaller before it is left out.
      for _ in 0..<3 {
        let width = PlotStyle.width(of: word.text, size: letter) * 1.04, height = letter * 0.98
        let box = isUpright ? (width: height, height: width) : (width: width, height: height)
        if let place = Self.place(box, in: area, around: taken) {
          taken.append(place)
          draw(word, index, letter, place, isUpright, on: &canvas)
          break
        }
        letter *= 0.75
        if letter < 8 { break }
      }
    }
    return canvas.svg
  }

  private func draw(
    _ word: Word, _ index: Int, _ letter: Double, _ place: PlotArea, _ isUpright: Bool,
    on canvas: inout SVGCanvas
  ) {
    let color = Self.colors[(index * 5 + word.text.utf8.count) % Self.colors.count]
    let x = place.left + place.width / 2
    if isUpright {
      canvas.text(
        word.text, x + letter * 0.34, place.top + place.height / 2, size: letter, color: color,
        anchor: .middle, rotation: -90)
    } else {
      canvas.text(
        word.text, x, place.top + place.height / 2 + letter * 0.34, size: letter, color: color,
        anchor: .middle)
    }
  }

  /// The first free place for a box along a spiral from the center.
  private static func place(
    _ box: (width: Double, height: Double), in area: PlotArea, around taken: [PlotArea]
  ) -> PlotArea? {
    guard box.width <= area.width, box.height <= area.height else { return nil }
    let center = (x: area.left + area.width / 2, y: area.top + area.height / 2)
    var angle = 0.0
    while angle < 260 {
      let reach = angle * 1.6
      let x = center.x + reach * cos(angle) * area.width / area.height - box.width / 2
      let y = center.y + reach * sin(angle) - box.height / 2
      angle += max(0.05, 0.9 / (1 + angle / 4))
      let place = PlotArea(left: x, top: y, width: box.width, height: box.height)
      guard x >= area.left, y >= area.top, place.right <= area.right, place.bottom <= area.bottom
      else { continue }
      let isFree = taken.allSatisfy {
        place.left >= $0.right || place.right <= $0.left || place.top >= $0.bottom
          || place.bottom <= $0.top
      }
      if isFree { return place }
    }
    return nil
  }
}
