/// Curves, bands and points over two numeric axes.
public struct XYPlot: Sendable {
  /// A point in the units of the axes.
  public struct Point: Sendable {
    /// Along the horizontal axis.
    public var x: Double
    /// Along the vertical axis.
    public var y: Double
    /// A point in the units of the axes.
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// One curve, or one cloud of points.
  public struct Series: Sendable {
    /// How the points are shown.
    public enum Look: Sendable {
      /// A line from point to point.
      case line
      /// A line with a marker at each point.
      case lineAndMarkers
      /// Markers alone.
      case markers
    }

    /// The name in the legend; an empty name stays out of it.
    public var name: String
    /// The points in the order in which a line connects them. Points that are not finite cut it.
    public var points: [Point]
    /// How the points are shown.
    public var look: Look
    /// The lower and upper edge of an area around the curve, such as a 95 % interval.
    public var band: [(x: Double, low: Double, high: Double)]
    /// The color as `#RRGGBB`; by default the next of ``PlotStyle/palette``.
    public var color: String?
    /// Whether the curve is drawn thin and pale, behind the others.
    public var isFaint: Bool
    /// What the browser shows over each point.
    public var tips: [String]

    /// A curve or a cloud of points.
    public init(
      _ name: String, _ points: [Point], look: Look = .line,
      band: [(x: Double, low: Double, high: Double)] = [], color: String? = nil,
      isFaint: Bool = false, tips: [String] = []
    ) {
      self.name = name
      self.points = points
      self.look = look
      self.band = band
      self.color = color
      self.isFaint = isFaint
      self.tips = tips
    }
  }

  /// What stands above the figure.
  public var title: String
  /// What the horizontal axis measures, with its unit.
  public var xLabel: String
  /// What the vertical axis measures, with its unit.
  public var yLabel: String
  /// The curves and points.
  public var series: [Series]
  /// The ends of the horizontal axis; by default chosen from the data.
  public var xLimits: ClosedRange<Double>?
  /// The ends of the vertical axis; by default chosen from the data.
  public var yLimits: ClosedRange<Double>?
  /// How the horizontal axis is spaced.
  public var xKind = PlotScale.Kind.linear
  /// How the vertical axis is spaced.
  public var yKind = PlotScale.Kind.linear
  /// A dashed gray line, such as chance in a ROC plot.
  public var reference: [Point] = []
  /// Width and height in pixels.
  public var size = (width: 640.0, height: 400.0)
  /// Whether a single series has a legend too.
  public var namesSingleSeries = false
  /// Whether one unit is as long on both axes, as in a plot of two probabilities.
  public var isSquare = false

  /// A figure with these labels and curves.
  public init(title: String, xLabel: String, yLabel: String, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
  }

  /// The figure as an `<svg>` element.
  public func svg() -> String {
    let points = series.flatMap(\.points) + reference
    let bands = series.flatMap(\.band)
    // Markers need room around them, which lines do not.
    let hasMarkers = series.contains { $0.look == .markers }
    let x = PlotScale(
      covering: hasMarkers ? Self.widened(points.map(\.x)) : points.map(\.x), limits: xLimits,
      kind: xKind)
    let y = PlotScale(
      covering: (hasMarkers ? Self.widened(points.map(\.y)) : points.map(\.y))
        + bands.flatMap { [$0.low, $0.high] }, limits: yLimits, kind: yKind,
      tickCount: 6)
    var frame = PlotFrame(
      title: title, xLabel: xLabel, yLabel: yLabel, size: size,
      legend: series.enumerated().filter { !$0.element.name.isEmpty }.map { index, series in
        PlotFrame.LegendEntry(
          name: series.name, color: series.color ?? PlotStyle.color(index),
          dash: series.color == nil ? PlotStyle.dash(index) : "",
          marker: series.look == .line ? nil : index, isLine: series.look != .markers)
      }, yTicks: y.ticks.map(y.label), minimumLegend: namesSingleSeries ? 1 : 2)
    frame.drawAxes(x: x, y: y)
    let area = frame.area
    func place(_ point: Point) -> (x: Double, y: Double) {
      (
        area.left + x.fraction(point.x) * area.width,
        area.bottom - y.fraction(point.y) * area.height
      )
    }
    frame.canvas.clipped(to: area, id: "area-\(Self.identity(title, xLabel, yLabel, points.count))")
    {
      canvas in
      if reference.count > 1 {
        canvas.polyline(reference.map(place), color: PlotStyle.axis, width: 1.5, dash: "5 5")
      }
      for (index, series) in series.enumerated() where series.band.count > 1 {
        let upper = series.band.map { place(Point($0.x, $0.high)) }
        let lower = series.band.reversed().map { place(Point($0.x, $0.low)) }
        canvas.polygon(upper + lower, fill: series.color ?? PlotStyle.color(index), opacity: 0.16)
      }
      for (index, series) in series.enumerated() {
        draw(series, index, on: &canvas, place)
      }
    }
    return frame.canvas.svg
  }

  private func draw(
    _ series: Series, _ index: Int, on canvas: inout SVGCanvas,
    _ place: (Point) -> (x: Double, y: Double)
  ) {
    let color = series.color ?? PlotStyle.color(index)
    if series.look != .markers {
      let pieces = series.points.split { !$0.x.isFinite || !$0.y.isFinite }
      for piece in pieces {
        canvas.polyline(
          piece.map(place), color: color, width: series.isFaint ? 1 : 2.4,
          dash: series.color == nil && !series.isFaint ? PlotStyle.dash(index) : "",
          opacity: series.isFaint ? 0.35 : 1)
      }
    }
    if series.look != .line {
      for (position, point) in series.points.enumerated() where point.x.isFinite && point.y.isFinite
      {
        let at = place(point)
        canvas.marker(
          at.x, at.y, shape: index, radius: series.look == .markers ? 4 : 4.5, color: color,
          opacity: series.look == .markers ? 0.75 : 1,
          tip: series.tips.indices.contains(position) ? series.tips[position] : nil)
      }
    }
  }

  private static func widened(_ values: [Double]) -> [Double] {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return [] }
    return [low - (high - low) * 0.03, high + (high - low) * 0.03]
  }

  /// Names the clip path: equal figures may share one, different ones must not.
  private static func identity(_ parts: Any...) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in parts.map({ "\($0)" }).joined(separator: "|").utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    return String(hash, radix: 36)
  }
}
