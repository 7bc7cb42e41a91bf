import Foundation

/// Curves, bands and points over two numeric axes.
public struct XYPlot: Sendable {
  /// A point in data coordinates.
  public struct Point: Sendable {
    /// The horizontal coordinate.
    public var x: Double
    /// The vertical coordinate.
    public var y: Double
    /// A point in data coordinates.
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// A curve or a scatter series.
  public struct Series: Sendable {
    /// The style of a series.
    public enum Look: Sendable {
      /// A line.
      case line
      /// A line with a marker at each point.
      case lineAndMarkers
      /// Markers only.
      case markers
    }

    /// The name in the legend; an empty name is left out.
    public var name: String
    /// The points in the order of the line. Non-finite points interrupt it.
    public var points: [Point]
    /// The style of a series.
    public var look: Look
    /// The lower and upper limit of a band around the curve, such as a 95 % confidence band.
    public var band: [(x: Double, low: Double, high: Double)]
    /// The color as `#RRGGBB`; by default the next of ``PlotStyle/palette``.
    public var color: String?
    /// Whether the curve is drawn thin and light, behind the others.
    public var isFaint: Bool
    /// The tooltip of each point.
    public var tips: [String]

    /// Creates a series.
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

  /// The title.
  public var title: String
  /// The label of the horizontal axis, with its unit.
  public var xLabel: String
  /// The label of the vertical axis, with its unit.
  public var yLabel: String
  /// The series.
  public var series: [Series]
  /// The limits of the horizontal axis; by default chosen from the data.
  public var xLimits: ClosedRange<Double>?
  /// The limits of the vertical axis; by default chosen from the data.
  public var yLimits: ClosedRange<Double>?
  /// The scale of the horizontal axis.
  public var xKind = PlotScale.Kind.linear
  /// The scale of the vertical axis.
  public var yKind = PlotScale.Kind.linear
  /// A dashed gray reference line, such as chance level in a ROC plot.
  public var reference: [Point] = []
  /// The width and height in pixels.
  public var size = (width: 640.0, height: 400.0)
  /// Whether a single series also has a legend.
  public var namesSingleSeries = false
  /// Whether both axes have the same scale, as in a plot of two probabilities.
  public var isSquare = false

  /// Creates a plot.
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
    // Markers need a margin, lines do not.
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
          marker: series.look == .line && !hasSparseMarkers(series) ? nil : index,
          isLine: series.look != .markers)
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
    if hasSparseMarkers(series) {
      for at in Self.spread(
        series.points.filter { $0.x.isFinite && $0.y.isFinite }.map(place), index)
      {
        canvas.marker(at.x, at.y, shape: index, radius: 4.5, color: color)
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

  /// Whether a line has a few markers, so that it can be distinguished from the others without color.
  private func hasSparseMarkers(_ series: Series) -> Bool {
    func isPlain(_ series: Series) -> Bool { series.look == .line && !series.isFaint }
    return isPlain(series) && self.series.count(where: isPlain) > 1
  }

  /// Five places at equal distances along a line; those of the next line are shifted.
  private static func spread(
    _ points: [(x: Double, y: Double)], _ index: Int
  ) -> [(x: Double, y: Double)] {
    let pieces = zip(points, points.dropFirst()).map { (from: $0, to: $1) }
    let lengths = pieces.map { hypot($0.to.x - $0.from.x, $0.to.y - $0.from.y) }
    let total = lengths.reduce(0, +)
    guard total > 0 else { return [] }
    return (0..<5).compactMap { position in
      var rest = total * (Double(position) + 0.2 + 0.2 * Double(index % 4)) / 5
      for (piece, length) in zip(pieces, lengths) {
        guard rest > length else {
          let share = length > 0 ? rest / length : 0
          return (
            piece.from.x + share * (piece.to.x - piece.from.x),
            piece.from.y + share * (piece.to.y - piece.from.y)
          )
        }
        rest -= length
      }
      return points.last
    }
  }

  private static func widened(_ values: [Double]) -> [Double] {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return [] }
    return [low - (high - low) * 0.03, high + (high - low) * 0.03]
  }

  /// An identifier for the clip path, which only identical figures may share.
  private static func identity(_ parts: Any...) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in parts.map({ "\($0)" }).joined(separator: "|").utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    return String(hash, radix: 36)
  }
}
