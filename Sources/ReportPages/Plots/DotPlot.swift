/// A dot plot with a row per category and a marker per group, for many categories with long names.
public struct DotPlot: Sendable {
  /// The title.
  public var title: String
  /// The label of the horizontal axis, with its unit.
  public var xLabel: String
  /// The names of the rows, from the top.
  public var categories: [String]
  /// The groups of markers; their spreads are not drawn.
  public var groups: [BarPlot.Group]
  /// The position of a dashed gray reference line; nil for none.
  public var reference: Double?
  /// The width in pixels; the height depends on the number of rows.
  public var width = 960.0

  /// Creates a dot plot.
  public init(title: String, xLabel: String, categories: [String], groups: [BarPlot.Group]) {
    self.title = title
    self.xLabel = xLabel
    self.categories = categories
    self.groups = groups
  }

  /// The figure as an `<svg>` element.
  public func svg() -> String {
    let values = groups.flatMap { $0.values.compactMap { $0 } } + (reference.map { [$0] } ?? [])
    let x = PlotScale(covering: values, tickCount: 10, includesZero: true)
    let legend = groups.enumerated().map { index, group in
      PlotFrame.LegendEntry(
        name: group.name, color: color(index), marker: index, isLine: false)
    }
    let lines = categories.map { PlotStyle.wrap($0, width: 300, size: PlotStyle.tickSize) }
    let row = lines.contains { $0.count > 1 } ? 36.0 : 26
    var frame = PlotFrame(
      title: title, xLabel: xLabel, yLabel: "",
      size: (width, 170 + row * Double(categories.count)), legend: legend,
      yTicks: lines.flatMap { $0 })
    let area = frame.area
    let step = area.height / Double(max(1, categories.count))
    func at(_ value: Double) -> Double { area.left + x.fraction(value) * area.width }
    for tick in x.ticks {
      frame.canvas.line(at(tick), area.top, at(tick), area.bottom, color: PlotStyle.grid)
    }
    if let reference {
      frame.canvas.line(
        at(reference), area.top, at(reference), area.bottom, color: PlotStyle.faintInk, width: 1.5,
        dash: "5 5")
    }
    for (category, name) in categories.enumerated() {
      let y = area.top + (Double(category) + 0.5) * step
      frame.canvas.line(area.left, y, area.right, y, color: PlotStyle.grid)
      for (index, line) in lines[category].enumerated() {
        let offset = 16 * (Double(index) - Double(lines[category].count - 1) / 2)
        frame.canvas.text(
          line, area.left - 8, y + 5 + offset, size: PlotStyle.tickSize,
          color: PlotStyle.faintInk, anchor: .end)
      }
      for (index, group) in groups.enumerated() where category < group.values.count {
        guard let value = group.values[category], value.isFinite else { continue }
        frame.canvas.marker(
          at(value), y, shape: index, radius: 5.5, color: color(index), opacity: 0.85,
          tip: "\(group.name), \(name): \(PlotScale.grouped(value, decimals: 2))")
      }
    }
    frame.drawHorizontalAxis(x)
    frame.drawLabels()
    return frame.canvas.svg
  }

  private func color(_ index: Int) -> String { groups[index].color ?? PlotStyle.color(index) }
}
