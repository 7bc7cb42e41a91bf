/// The title, axes, grid and legend around the plot area.
struct PlotFrame {
  /// An entry of the legend.
  struct LegendEntry {
    var name: String
    var color: String
    var dash = ""
    var marker: Int?
    var isLine = true
  }

  var canvas: SVGCanvas
  let area: PlotArea
  private let xLabel: String
  private let yLabel: String

  /// - Parameters:
  ///   - yTicks: the tick labels of the vertical axis, which determine the left margin.
  ///   - minimumLegend: the minimum number of entries for a legend.
  init(
    title: String, xLabel: String, yLabel: String, size: (width: Double, height: Double),
    legend: [LegendEntry], yTicks: [String], bottomMargin: Double = 30,
    minimumLegend: Int = 2
  ) {
    self.xLabel = xLabel
    self.yLabel = yLabel
    canvas = SVGCanvas(width: size.width, height: size.height, title: title)
    var top = 14.0
    if !title.isEmpty {
      canvas.text(title, 14, 28, size: PlotStyle.titleSize, isBold: true)
      top = 44
    }
    if legend.count >= minimumLegend {
      top = Self.drawLegend(legend, on: &canvas, top: top, width: size.width)
    }
    let tickWidth =
      yTicks.map { PlotStyle.width(of: $0, size: PlotStyle.tickSize) }.max() ?? 0
    let left = 18 + tickWidth + (yLabel.isEmpty ? 0 : 24)
    let bottom = bottomMargin + (xLabel.isEmpty ? 0 : 24)
    area = PlotArea(
      left: left, top: top + 8, width: size.width - left - 24,
      height: size.height - top - 8 - bottom)
  }

  /// Lays out the entries in rows from `top` and returns their lower end.
  private static func drawLegend(
    _ legend: [LegendEntry], on canvas: inout SVGCanvas, top: Double, width: Double
  ) -> Double {
    var x = 16.0
    var y = top + 6
    for entry in legend {
      let needed = 38 + PlotStyle.width(of: entry.name, size: PlotStyle.tickSize) + 16
      if x > 16 && x + needed > width {
        x = 16
        y += 22
      }
      if entry.isLine {
        canvas.line(x, y, x + 28, y, color: entry.color, width: 2.6, dash: entry.dash)
      }
      if let marker = entry.marker {
        canvas.marker(x + 14, y, shape: marker, radius: 5, color: entry.color)
      }
      canvas.text(entry.name, x + 35, y + 5, size: PlotStyle.tickSize)
      x += needed
    }
    return y + 14
  }

  /// Draws grid, ticks and labels of two numeric axes.
  mutating func drawAxes(x: PlotScale, y: PlotScale) {
    drawVerticalAxis(y)
    drawHorizontalAxis(x)
    drawLabels()
  }

  /// Draws the horizontal axis with its ticks.
  mutating func drawHorizontalAxis(_ x: PlotScale) {
    for tick in x.ticks {
      let at = area.left + x.fraction(tick) * area.width
      canvas.line(at, area.bottom, at, area.bottom + 5, color: PlotStyle.axis)
      canvas.text(
        x.label(tick), at, area.bottom + 21, size: PlotStyle.tickSize, color: PlotStyle.faintInk,
        anchor: .middle)
    }
    canvas.line(area.left, area.bottom, area.right, area.bottom, color: PlotStyle.axis, width: 1.2)
  }

  /// Draws grid, ticks and label of the vertical axis.
  mutating func drawVerticalAxis(_ y: PlotScale) {
    for tick in y.ticks {
      let at = area.bottom - y.fraction(tick) * area.height
      canvas.line(area.left, at, area.right, at, color: PlotStyle.grid)
      canvas.text(
        y.label(tick), area.left - 8, at + 5, size: PlotStyle.tickSize, color: PlotStyle.faintInk,
        anchor: .end)
    }
  }

  /// Draws the labels of both axes.
  mutating func drawLabels() {
    if !xLabel.isEmpty {
      canvas.text(
        xLabel, area.left + area.width / 2, canvas.height - 10, size: PlotStyle.labelSize,
        anchor: .middle)
    }
    if !yLabel.isEmpty {
      canvas.text(
        yLabel, 19, area.top + area.height / 2, size: PlotStyle.labelSize, anchor: .middle,
        rotation: -90)
    }
  }
}
