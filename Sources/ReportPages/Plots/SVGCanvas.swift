import Foundation

/// Collects the elements of an SVG image.
struct SVGCanvas {
  let width: Double
  let height: Double
  /// The accessible description of the image.
  let title: String
  private(set) var body = ""

  init(width: Double, height: Double, title: String) {
    self.width = width
    self.height = height
    self.title = title
  }

  /// The SVG element, for embedding in a page or as a file.
  var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" \
    width="\(number(width))" height="\(number(height))" role="img" \
    font-family="\(PlotStyle.font)"><title>\(escape(title))</title>
    <rect width="100%" height="100%" fill="#FFFFFF"/>
    \(body)</svg>
    """
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, color: String, width: Double = 1,
    dash: String = ""
  ) {
    body +=
      "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\""
    body += stroke(color, width, dash) + "/>\n"
  }

  mutating func polyline(
    _ points: [(x: Double, y: Double)], color: String, width: Double, dash: String = "",
    opacity: Double = 1
  ) {
    guard !points.isEmpty else { return }
    body += "<polyline fill=\"none\" stroke-linejoin=\"round\" points=\"\(coordinates(points))\""
    body += stroke(color, width, dash)
    body += opacity < 1 ? " opacity=\"\(number(opacity))\"/>\n" : "/>\n"
  }

  mutating func polygon(_ points: [(x: Double, y: Double)], fill: String, opacity: Double) {
    body +=
      "<polygon points=\"\(coordinates(points))\" fill=\"\(fill)\" opacity=\"\(number(opacity))\"/>\n"
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: String,
    opacity: Double = 1, tip: String? = nil
  ) {
    body += "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\""
    body += " height=\"\(number(height))\" fill=\"\(fill)\""
    if opacity < 1 { body += " opacity=\"\(number(opacity))\"" }
    body += close("rect", tip)
  }

  /// A marker; `shape` selects one of six shapes.
  mutating func marker(
    _ x: Double, _ y: Double, shape: Int, radius: Double, color: String, opacity: Double = 1,
    tip: String? = nil
  ) {
    let r = radius
    let look =
      " fill=\"\(color)\" opacity=\"\(number(opacity))\" stroke=\"#FFFFFF\" stroke-width=\"0.6\""
    let corners: [(Double, Double)]
    switch shape % 6 {
    case 0:
      body += "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(r))\"" + look
      body += close("circle", tip)
      return
    case 1: corners = [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
    case 2: corners = [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)]
    case 3: corners = [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]
    case 4: corners = [(0, 1.2), (1.1, -0.8), (-1.1, -0.8)]
    default:
      corners = [
        (-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4), (0.4, 1.2),
        (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4),
      ]
    }
    let points = corners.map { (x: x + $0.0 * r, y: y + $0.1 * r) }
    body += "<polygon points=\"\(coordinates(points))\"" + look + close("polygon", tip)
  }

  /// The alignment of a text relative to its point.
  enum Anchor: String {
    case start, middle, end
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double, color: String = PlotStyle.ink,
    anchor: Anchor = .start, isBold: Bool = false, rotation: Double = 0
  ) {
    body +=
      "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(number(size))\" fill=\"\(color)\""
    if anchor != .start { body += " text-anchor=\"\(anchor.rawValue)\"" }
    if isBold { body += " font-weight=\"600\"" }
    if rotation != 0 {
      body += " transform=\"rotate(\(number(rotation)) \(number(x)) \(number(y)))\""
    }
    body += ">\(escape(text))</text>\n"
  }

  /// Clips the elements that `draw` adds to a rectangle.
  mutating func clipped(
    to area: PlotArea, id: String, _ draw: (inout SVGCanvas) -> Void
  ) {
    body += """
      <clipPath id="\(id)"><rect x="\(number(area.left))" y="\(number(area.top - 1))" \
      width="\(number(area.width))" height="\(number(area.height + 2))"/></clipPath>
      <g clip-path="url(#\(id))">

      """
    draw(&self)
    body += "</g>\n"
  }

  private func stroke(_ color: String, _ width: Double, _ dash: String) -> String {
    " stroke=\"\(color)\" stroke-width=\"\(number(width))\""
      + (dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"")
  }

  private func close(_ element: String, _ tip: String?) -> String {
    guard let tip else { return "/>\n" }
    return "><title>\(escape(tip))</title></\(element)>\n"
  }

  private func coordinates(_ points: [(x: Double, y: Double)]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  /// A coordinate with two decimals, a hundredth of a pixel.
  private func number(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let hundredths = (value * 100).rounded()
    if hundredths.truncatingRemainder(dividingBy: 100) == 0 { return String(Int(hundredths / 100)) }
    return "\(hundredths / 100)"
  }

  private func escape(_ text: String) -> String { HTMLText.escape(text) }
}

/// The plot area of a figure, in pixels.
struct PlotArea {
  var left: Double
  var top: Double
  var width: Double
  var height: Double
  var right: Double { left + width }
  var bottom: Double { top + height }
}
