/// A rectangle on a page, in points (1/72 inch) from the top left.
public struct Box: Sendable, Hashable, Codable {
  /// The left side.
  public var left: Double
  /// The upper side.
  public var top: Double
  /// The right side.
  public var right: Double
  /// The lower side.
  public var bottom: Double

  /// A rectangle; sides that are given the wrong way round are exchanged.
  public init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = min(left, right)
    self.top = min(top, bottom)
    self.right = max(left, right)
    self.bottom = max(top, bottom)
  }

  package var width: Double { right - left }
  package var height: Double { bottom - top }
  package var area: Double { width * height }
  package var middleX: Double { (left + right) / 2 }
  package var middleY: Double { (top + bottom) / 2 }

  /// The smallest rectangle around both.
  package func union(_ other: Box) -> Box {
    Box(
      left: min(left, other.left), top: min(top, other.top), right: max(right, other.right),
      bottom: max(bottom, other.bottom))
  }

  /// What both have in common; nil if nothing.
  package func intersection(_ other: Box) -> Box? {
    let (l, t) = (max(left, other.left), max(top, other.top))
    let (r, b) = (min(right, other.right), min(bottom, other.bottom))
    return l < r && t < b ? Box(left: l, top: t, right: r, bottom: b) : nil
  }

  /// The length over which the rectangles lie above each other; negative for a gap.
  package func overlapX(_ other: Box) -> Double { min(right, other.right) - max(left, other.left) }

  /// The length over which the rectangles lie beside each other; negative for a gap.
  package func overlapY(_ other: Box) -> Double { min(bottom, other.bottom) - max(top, other.top) }

  /// The rectangle grown on all sides.
  package func grown(by margin: Double) -> Box {
    Box(left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin)
  }

  package func contains(x: Double, y: Double) -> Bool {
    left <= x && x <= right && top <= y && y <= bottom
  }

  /// The smallest rectangle around all; nil for none.
  package static func around(_ boxes: some Sequence<Box>) -> Box? {
    boxes.reduce(nil) { $0?.union($1) ?? $1 }
  }
}
