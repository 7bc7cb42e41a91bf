import Foundation

/// A grouped bar chart, with optional error bars.
public struct BarPlot: Sendable {
  /// A group of bars of one color: a value for each category, nil for none.
  public struct Group: Sendable {
    /// The name in the legend.
    public var name: String
    /// A value for each category.
    public var values: [Double?]
    /// Half the length of the error bar of each category.
    public var spreads: [Double?]
    /// The color as `#RRGGBB`; by default the next of ``PlotStyle/palette``.
    public var color: String?

    /// Creates a group of bars.
    public init(
      _ name: String, _ values: [Double?], spreads: [Double?] = [], color: String? = nil
    ) {
      self.name = name
      self.values = values
      self.spreads = spreads
      self.color = color
    }
  }

  /// The title.
  public var title: String
  /// The label of the vertical axis, with its unit.
  public var yLabel: String
  /// The category names.
  public var categories: [String]
  /// The bars.
  public var groups: [Group]
  /// The limits of the vertical axis; by default from zero to the largest value.
  public var yLimits: ClosedRange<Double>?
  /// The number of decimals of the values above the bars; nil for no values.
  public var decimals: Int? = 2
  /// The height of a dashed gray reference line; nil for none.
  public var reference: Double?
  /// The width and height in pixels.
  public var size = (width: 640.0, height: 400.0)

  /// Creates a bar chart.
  public init(title: String, yLabel: String, categories: [String], groups: [Group]) {
    self.title = title
    self.yLabel = yLabel
    self.categories = categories
    self.groups = groups
  }

  /// The figure as an `<svg>` element.
  public func svg() -> String {
    var values: [Double] = []
    for group in groups {
      for (index, value) in group.values.enumerated() {
        guard let value else { continue }
        values.append(
          value + (group.spreads.indices.contains(index) ? group.spreads[index] ?? 0 : 0))
        values.append(value)
      }
    }
    if let reference { values.append(reference) }
    // The numbers above the bars need space.
    if decimals != nil, let highest = values.max(), highest > 0 { values.append(highest * 1.06) }
    let y = PlotScale(covering: values, limits: yLimits, includesZero: true)
    let count = max(1, categories.count)
    // Names that do not fit below their group are wrapped to two lines, then rotated.
    let slot = (size.width - 90) / Double(count)
    let lines = categories.map { PlotStyle.wrap($0, width: slot, size: PlotStyle.tickSize) }
    let isSlanted = lines.contains { $0.count > 2 }
    let longest = categories.map { PlotStyle.width(of: $0, size: PlotStyle.tickSize) }.max() ?? 0
    let margin = isSlanted ? 20 + longest * 0.58 : 22 + 17 * Double(lines.map(\.count).max() ?? 1)
    var frame = PlotFrame(
      title: title, xLabel: "", yLabel: yLabel, size: size,
      legend: groups.enumerated().map { index, group in
        PlotFrame.LegendEntry(
          name: group.name, color: group.color ?? PlotStyle.color(index),
          marker: index % 2 == 1 ? 3 : 1,
          isLine: false)
      }, yTicks: y.ticks.map(y.label), bottomMargin: min(margin, size.height * 0.4))
    frame.drawVerticalAxis(y)
    let area = frame.area
    let step = area.width / Double(count)
    let bar = min(56, step * 0.8 / Double(max(1, groups.count)))
    func height(_ value: Double) -> Double { area.bottom - y.fraction(value) * area.height }
    let zero = height(max(0, y.lower))
    if let reference {
      frame.canvas.line(
        area.left, height(reference), area.right, height(reference), color: PlotStyle.faintInk,
        width: 1.5, dash: "5 5")
    }
    for (category, name) in categories.enumerated() {
      let center = area.left + (Double(category) + 0.5) * step
      let start = center - bar * Double(groups.count) / 2
      for (index, group) in groups.enumerated() {
        guard category < group.values.count, let value = group.values[category], value.isFinite
        else { continue }
        let x = start + Double(index) * bar
        let top = min(height(value), zero)
        frame.canvas.rectangle(
          x + 1, top, bar - 2, abs(height(value) - zero),
          fill: group.color ?? PlotStyle.color(index), tip: "\(group.name), \(name): \(value)")
        // Bars of the second group have a white core, so that groups can be distinguished without color.
        if index % 2 == 1, bar >= 12, abs(height(value) - zero) > 12 {
          frame.canvas.rectangle(
            x + bar / 2 - 1.5, top + 4, 3, abs(height(value) - zero) - 8, fill: "#FFFFFF")
        }
        var labelTop = top
        if group.spreads.indices.contains(category), let spread = group.spreads[category] {
          let middle = x + bar / 2
          let high = height(value + spread)
          let low = height(max(y.lower, value - spread))
          frame.canvas.line(middle, high, middle, low, color: PlotStyle.ink, width: 1.4)
          frame.canvas.line(middle - 4, high, middle + 4, high, color: PlotStyle.ink, width: 1.4)
          frame.canvas.line(middle - 4, low, middle + 4, low, color: PlotStyle.ink, width: 1.4)
          labelTop = high
        }
        if let decimals, bar >= 24 {
          frame.canvas.text(
            PlotScale.grouped(value, decimals: decimals), x + bar / 2, labelTop - 5,
            size: min(PlotStyle.tickSize - 1, bar * 0.42), anchor: .middle)
        }
      }
      if isSlanted {
        frame.canvas.text(
          name, center + 6, area.bottom + 18, size: PlotStyle.tickSize, color: PlotStyle.faintInk,
          anchor: .end, rotation: -35)
      } else {
        for (index, line) in lines[category].enumerated() {
          frame.canvas.text(
            line, center, area.bottom + 20 + 17 * Double(index), size: PlotStyle.tickSize,
            color: PlotStyle.faintInk, anchor: .middle)
        }
      }
    }
    frame.canvas.line(area.left, zero, area.right, zero, color: PlotStyle.axis, width: 1.2)
    frame.drawLabels()
    return frame.canvas.svg
  }
}
