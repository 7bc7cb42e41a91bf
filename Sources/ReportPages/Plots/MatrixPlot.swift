/// A heat map, such as a confusion matrix.
public struct MatrixPlot: Sendable {
  /// The title.
  public var title: String
  /// The label of the rows.
  public var rowLabel: String
  /// The label of the columns.
  public var columnLabel: String
  /// The names of the rows, from top to bottom.
  public var rows: [String]
  /// The names of the columns, from left to right.
  public var columns: [String]
  /// Shades from 0 (white) to 1 (dark), row by row; a non-finite value is white.
  public var shades: [[Double]]
  /// The text of each cell: a large and a small line.
  public var texts: [[(large: String, small: String)]]

  /// Creates a heat map.
  public init(
    title: String, rowLabel: String, columnLabel: String, rows: [String], columns: [String],
    shades: [[Double]], texts: [[(large: String, small: String)]]
  ) {
    self.title = title
    self.rowLabel = rowLabel
    self.columnLabel = columnLabel
    self.rows = rows
    self.columns = columns
    self.shades = shades
    self.texts = texts
  }

  /// A confusion matrix: rows are true labels, shades the fraction of the row, texts fraction and count.
  /// Cells without images stay empty, so that errors stand out.
  ///
  /// - Parameters:
  ///   - counts: the number of images by true class (row) and predicted class (column).
  ///   - names: the class names.
  ///   - title: the title.
  /// - Returns: the figure.
  public static func confusion(counts: [[Int]], names: [String], title: String) -> MatrixPlot {
    let totals = counts.map { $0.reduce(0, +) }
    let shares = zip(counts, totals).map { row, total in
      row.map { total == 0 ? 0 : Double($0) / Double(total) }
    }
    let texts = zip(counts, shares).map { row, shares in
      zip(row, shares).map { count, share in
        count == 0
          ? (large: "", small: "")
          : (large: "\(Int((share * 100).rounded())) %", small: "\(count)")
      }
    }
    return MatrixPlot(
      title: title, rowLabel: "True label", columnLabel: "Predicted label", rows: names,
      columns: names,
      shades: shares, texts: texts)
  }

  /// The figure as an `<svg>` element.
  public func svg() -> String {
    let longest = rows.map { PlotStyle.width(of: $0, size: PlotStyle.tickSize) }.max() ?? 0
    let nameWidth = min(longest, 210)
    let left = 44 + nameWidth
    let cell = max(58, min(96, 430 / Double(max(1, columns.count))))
    let headings = columns.map { PlotStyle.wrap($0, width: cell - 4, size: PlotStyle.tickSize) }
    let isSlanted = headings.contains { $0.count > 2 }
    let headingHeight =
      isSlanted ? 24 + nameWidth * 0.62 : 20 + 17 * Double(headings.map(\.count).max() ?? 1)
    let top = 44 + 24.0
    let gridBottom = top + cell * Double(rows.count)
    let slant = isSlanted ? 30.0 : 0
    let titleWidth = PlotStyle.width(of: title, size: PlotStyle.titleSize) + 28
    let width = max(left + cell * Double(columns.count) + 24 + slant, 300, titleWidth)
    let height = gridBottom + headingHeight + 14
    var canvas = SVGCanvas(width: width, height: height, title: title)
    canvas.text(title, 14, 28, size: PlotStyle.titleSize, isBold: true)
    canvas.text(
      columnLabel, left + cell * Double(columns.count) / 2, top - 10, size: PlotStyle.labelSize,
      color: PlotStyle.faintInk, anchor: .middle)
    canvas.text(
      rowLabel, 20, (top + gridBottom) / 2, size: PlotStyle.labelSize, color: PlotStyle.faintInk,
      anchor: .middle, rotation: -90)
    for (row, name) in rows.enumerated() {
      let y = top + cell * Double(row)
      let lines = PlotStyle.wrap(name, width: nameWidth + 4, size: PlotStyle.tickSize)
      let shown = lines.count == 3 && lines[1].isEmpty ? [name] : lines
      for (index, line) in shown.enumerated() {
        let offset = (Double(index) - Double(shown.count - 1) / 2) * 17
        canvas.text(
          line, left - 8, y + cell / 2 + 5 + offset, size: PlotStyle.tickSize, anchor: .end)
      }
      for column in columns.indices {
        let shade = shades[row][column]
        let x = left + cell * Double(column)
        canvas.rectangle(
          x + 1, y + 1, cell - 2, cell - 2, fill: Self.color(shade),
          tip: "\(rowLabel) \(name), \(columnLabel) \(columns[column])")
        let ink = shade > 0.55 ? "#FFFFFF" : PlotStyle.ink
        let text = texts[row][column]
        canvas.text(
          text.large, x + cell / 2, y + cell / 2 + (text.small.isEmpty ? 6 : 1), size: 17,
          color: ink,
          anchor: .middle, isBold: row == column)
        canvas.text(
          text.small, x + cell / 2, y + cell / 2 + 19, size: 13, color: ink, anchor: .middle)
      }
    }
    for (column, name) in columns.enumerated() {
      let x = left + cell * (Double(column) + 0.5)
      if isSlanted {
        canvas.text(
          name, x + 8, gridBottom + 18, size: PlotStyle.tickSize, anchor: .end, rotation: -35)
      } else {
        for (index, line) in headings[column].enumerated() {
          canvas.text(
            line, x, gridBottom + 19 + 17 * Double(index), size: PlotStyle.tickSize, anchor: .middle
          )
        }
      }
    }
    return canvas.svg
  }

  /// A color scale from white to deep blue with uniform lightness, which also works in grayscale.
  private static func color(_ shade: Double) -> String {
    let share = shade.isFinite ? min(1, max(0, shade)) : 0
    let stops: [(Double, Double, Double)] = [
      (247, 250, 252), (143, 190, 220), (33, 113, 168), (8, 48, 97),
    ]
    let position = share * Double(stops.count - 1)
    let index = min(stops.count - 2, Int(position))
    let part = position - Double(index)
    func mix(_ a: Double, _ b: Double) -> Int { Int((a + (b - a) * part).rounded()) }
    let (a, b) = (stops[index], stops[index + 1])
    return "rgb(\(mix(a.0, b.0)),\(mix(a.1, b.1)),\(mix(a.2, b.2)))"
  }
}
