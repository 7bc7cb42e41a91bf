import Foundation

/// A small chart as SVG text: axes, bars and bubbles in coordinates from 0 to 1.
struct SVGPlot {
  private let xTitle: String
  private let yTitle: String
  private var body = ""
  private let left = 70.0
  private let top = 20.0
  private let width = 560.0
  private let height = 320.0
  /// Colors that people with any color vision can tell apart (Okabe and Ito).
  private static let colors = [
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000",
  ]

  init(xTitle: String, yTitle: String) {
    self.xTitle = xTitle
    self.yTitle = yTitle
  }

  mutating func xTick(_ x: Double, label: String) {
    let at = left + x * width
    line(at, top + height, at, top + height + 5)
    text(label, at, top + height + 20, anchor: "middle")
  }

  mutating func yTick(_ y: Double, label: String) {
    let at = top + (1 - y) * height
    line(left - 5, at, left, at)
    text(label, left - 9, at + 4, anchor: "end")
  }

  mutating func bar(
    x: Double, width share: Double, height part: Double, series: Int, label: String
  ) {
    body +=
      "<rect x=\"\(n(left + x * width))\" y=\"\(n(top + (1 - part) * height))\" "
      + "width=\"\(n(share * width))\" height=\"\(n(part * height))\" fill=\"\(color(series))\">"
      + "<title>\(escaped(label))</title></rect>\n"
  }

  mutating func bubble(x: Double, y: Double, radius: Double, series: Int, label: String) {
    body +=
      "<circle cx=\"\(n(left + x * width))\" cy=\"\(n(top + (1 - y) * height))\" r=\"\(n(radius))\" "
      + "fill=\"\(color(series))\" fill-opacity=\"0.75\"><title>\(escaped(label))</title></circle>\n"
  }

  /// The whole figure.
  func svg(legend: [String]) -> String {
    var figure = self
    figure.line(left, top, left, top + height)
    figure.line(left, top + height, left + width, top + height)
    figure.text(xTitle, left + width / 2, top + height + 42, anchor: "middle")
    figure.body +=
      "<text x=\"16\" y=\"\(n(top + height / 2))\" text-anchor=\"middle\" "
      + "transform=\"rotate(-90 16 \(n(top + height / 2)))\">\(escaped(yTitle))</text>\n"
    for (index, name) in legend.enumerated() {
      let y = top + 14 + Double(index) * 20
      figure.body +=
        "<rect x=\"\(n(left + width + 16))\" y=\"\(n(y - 10))\" width=\"12\" height=\"12\" "
        + "fill=\"\(color(index))\"/>\n"
      figure.text(name, left + width + 34, y, anchor: "start")
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 400" font-family="sans-serif" \
      font-size="13">
      <rect width="900" height="400" fill="#ffffff"/>
      \(figure.body)</svg>

      """
  }

  private mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
    body +=
      "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" stroke=\"#333333\"/>\n"
  }

  private mutating func text(_ text: String, _ x: Double, _ y: Double, anchor: String) {
    body += "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>\n"
  }

  private func color(_ series: Int) -> String { Self.colors[series % Self.colors.count] }
  private func n(_ value: Double) -> String { String(format: "%.1f", value) }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
