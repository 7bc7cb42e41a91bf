import Foundation

/// A bubble chart: circles over two numeric axes, whose area is a third value.
public struct BubblePlot: Sendable {
  /// A circle.
  public struct Bubble: Sendable {
    /// The name in the legend.
    public var name: String
    /// Along the horizontal axis.
    public var x: Double
    /// Along the vertical axis.
    public var y: Double
    /// The value that the area represents; not negative.
    public var area: Double

    /// A circle.
    public init(_ name: String, x: Double, y: Double, area: Double) {
      self.name = name
      self.x = x
      self.y = y
      self.area = area
    }
  }

  /// The title.
  public var title: String
  /// The label of the horizontal axis.
  public var xLabel: String
  /// The label of the vertical axis.
  public var yLabel: String
  /// The label of the area.
  public var areaLabel: String
  /// The circles.
  public var bubbles: [Bubble]
  /// Width and height in pixels.
  public var size = (width: 640.0, height: 400.0)

  /// A figure with these circles.
  public init(
    title: String, xLabel: String, yLabel: String, areaLabel: String, bubbles: [Bubble]
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.areaLabel = areaLabel
    self.bubbles = bubbles
  }

  /// The figure as an `<svg>` element.
  public func svg() -> String {
    let x = PlotScale(covering: [0] + bubbles.map { $0.x * 1.15 })
    let y = PlotScale(covering: [0] + bubbles.map { $0.y * 1.15 })
    var frame = PlotFrame(
      title: title, xLabel: xLabel, yLabel: yLabel, size: size,
      legend: bubbles.enumerated().map { index, bubble in
        PlotFrame.LegendEntry(
          name: bubble.name, color: PlotStyle.color(index), marker: 0, isLine: false)
      }, yTicks: y.ticks.map(y.label), minimumLegend: 1)
    frame.drawAxes(x: x, y: y)
    let area = frame.area
    let largest = max(1e-9, bubbles.map(\.area).max() ?? 1)
    // The largest are drawn first, so that small ones stay visible.
    for (index, bubble) in bubbles.enumerated().sorted(by: { $0.1.area > $1.1.area }) {
      let radius = max(3, 30 * (bubble.area / largest).squareRoot())
      let amount = String(format: "%.3f", bubble.area)
      let at = (
        x: area.left + x.fraction(bubble.x) * area.width,
        y: area.bottom - y.fraction(bubble.y) * area.height
      )
      frame.canvas.marker(
        at.x, at.y, shape: 0, radius: radius, color: PlotStyle.color(index), opacity: 0.7,
        tip: "\(bubble.name): \(xLabel) \(PlotScale.grouped(bubble.x, decimals: 2)), "
          + "\(yLabel) \(PlotScale.grouped(bubble.y, decimals: 0)), \(areaLabel) \(amount)")
      frame.canvas.text(
        amount, at.x, at.y + (radius < 18 ? -radius - 4 : 4), size: PlotStyle.tickSize - 2,
        color: PlotStyle.ink, anchor: .middle)
    }
    return frame.canvas.svg
  }
}
