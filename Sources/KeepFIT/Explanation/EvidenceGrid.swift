/// Values on a grid of cells of a preprocessed image, whose upper left part covers the photograph and
/// whose rest covers padding.
struct EvidenceGrid {
  let rows: Int
  let columns: Int
  /// `[rows, columns]`, row-major.
  var values: [Float]
  /// The number of leading rows and columns whose centers are on the photograph.
  let contentRows: Int
  let contentColumns: Int

  /// - `values`: `[rows, columns]`.
  /// - `content`: the fractions of the image's height and width that the photograph covers.
  init(_ values: [Float], rows: Int, columns: Int, content: Explanation.Content) {
    precondition(values.count == rows * columns, "\(values.count) values for the grid")
    self.rows = rows
    self.columns = columns
    self.values = values
    func inside(_ cells: Int, _ share: Double) -> Int {
      min(cells, max(1, Int((share * Double(cells) - 0.5).rounded(.up))))
    }
    contentRows = inside(rows, content.height)
    contentColumns = inside(columns, content.width)
  }

  var largest: Float { values.max() ?? 0 }

  /// The values with negative ones and those on padding set to zero.
  func onPhotograph() -> EvidenceGrid {
    var result = self
    for index in values.indices {
      let isInside = index / columns < contentRows && index % columns < contentColumns
      result.values[index] = isInside ? max(values[index], 0) : 0
    }
    return result
  }

  /// The fraction of the positive mass that is on padding, 0 to 1.
  var paddingShare: Float {
    let all = values.reduce(0) { $0 + max($1, 0) }
    return all > 0 ? max(0, 1 - onPhotograph().values.reduce(0, +) / all) : 0
  }

  /// The values divided by the largest one, unless that is 0.
  func scaled() -> EvidenceGrid {
    var result = self
    let largest = largest
    if largest > 0 { result.values = values.map { $0 / largest } }
    return result
  }

  /// The values at another size: bilinear between cell centers, constant beyond the outermost centers.
  /// - Parameters:
  ///   - height: rows of the result.
  ///   - width: columns of the result.
  ///   - content: the part of the grid to resize; nil for all of it.
  func resized(height: Int, width: Int, content: Explanation.Content? = nil) -> [Float] {
    func taps(_ position: Int, _ size: Int, _ cells: Int, share: Double, last: Int)
      -> (Int, Int, Float)
    {
      let place = Float((Double(position) + 0.5) * share * Double(cells) / Double(size) - 0.5)
      let clamped = min(max(place, 0), Float(last))
      let low = Int(clamped)
      return (low, min(low + 1, last), clamped - Float(low))
    }
    let lastRow = (content == nil ? rows : contentRows) - 1
    let lastColumn = (content == nil ? columns : contentColumns) - 1
    let horizontal = (0..<width).map {
      taps($0, width, columns, share: content?.width ?? 1, last: lastColumn)
    }
    var result: [Float] = []
    result.reserveCapacity(height * width)
    for y in 0..<height {
      let (top, bottom, down) = taps(y, height, rows, share: content?.height ?? 1, last: lastRow)
      for (left, right, across) in horizontal {
        let above =
          values[top * columns + left] * (1 - across) + values[top * columns + right] * across
        let below =
          values[bottom * columns + left] * (1 - across) + values[bottom * columns + right] * across
        result.append(above * (1 - down) + below * down)
      }
    }
    return result
  }
}
