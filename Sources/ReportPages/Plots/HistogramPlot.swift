import Foundation

/// A histogram over a logarithmic axis, with several series side by side.
public struct HistogramPlot: Sendable {
  /// One series of counts.
  public struct Series: Sendable {
    /// The name in the legend.
    public var name: String
    /// A count for each bin.
    public var counts: [Int]

    /// A series.
    public init(_ name: String, _ counts: [Int]) {
      self.name = name
      self.counts = counts
    }
  }

  /// The title.
  public var title: String
  /// The label of the horizontal axis.
  public var xLabel: String
  /// The edges of the bins: one more than there are bins.
  public var edges: [Double]
  /// The counts.
  public var series: [Series]
  /// Width and height in pixels.
  public var size = (width: 640.0, height: 400.0)

  /// A figure with these counts.
  public init(title: String, xLabel: String, edges: [Double], series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.edges = edges
    self.series = series
  }

  /// The figure as an `<svg>` element.
  public func svg() -> String {
    let bins = max(1, edges.count - 1)
    let most = Double(series.flatMap(\.counts).max() ?? 1)
    let decades = max(1, (log10(max(1, most)) - 1e-9).rounded(.up))
    let y = PlotScale(covering: [], limits: 1...pow(10, decades), kind: .logarithmic)
    var frame = PlotFrame(
      title: title, xLabel: xLabel, yLabel: "Count", size: size,
      legend: series.enumerated().map { index, series in
        PlotFrame.LegendEntry(
          name: series.name, color: PlotStyle.color(index), marker: 1, isLine: false)
      }, yTicks: y.ticks.map(y.label))
    frame.drawVerticalAxis(y)
    let area = frame.area
    let step = area.width / Double(bins)
    // A group of bars is half a bin wide, as in the published figure.
    let bar = step / 2 / Double(max(1, series.count))
    for (index, series) in series.enumerated() {
      for (bin, count) in series.counts.prefix(bins).enumerated() where count > 0 {
        // The logarithm of one is zero: a single text is a sliver.
        let height = max(3, y.fraction(Double(count)) * area.height)
        frame.canvas.rectangle(
          area.left + (Double(bin) + 0.25) * step + Double(index) * bar, area.bottom - height,
          max(0.5, bar - 0.6), height, fill: PlotStyle.color(index),
          tip: "\(series.name), \(text(edges[bin])) to \(text(edges[bin + 1])): \(count)")
      }
    }
    let every = max(1, Int((Double(bins) / 12).rounded(.up)))
    for bin in stride(from: 0, through: bins, by: every) where edges.indices.contains(bin) {
      let x = area.left + Double(bin) * step
      frame.canvas.line(x, area.bottom, x, area.bottom + 5, color: PlotStyle.axis)
      frame.canvas.text(
        text(edges[bin]), x, area.bottom + 21, size: PlotStyle.tickSize,
        color: PlotStyle.faintInk, anchor: .middle)
    }
    frame.canvas.line(
      area.left, area.bottom, area.right, area.bottom, color: PlotStyle.axis, width: 1.2)
    frame.drawLabels()
    return frame.canvas.svg
  }

  private func text(_ edge: Double) -> String {
    PlotScale.grouped(edge, decimals: edges.last ?? 0 < 20 ? 1 : 0)
  }
}
