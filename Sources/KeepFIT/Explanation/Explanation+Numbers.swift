extension Explanation {
  /// The map at the size of a picture, `[height, width]`, row-major: linear between the centres of
  /// the cells.
  public func resized(height: Int, width: Int) -> [Float] {
    func taps(_ position: Int, _ size: Int, _ cells: Int) -> (Int, Int, Float) {
      let place = (Float(position) + 0.5) * Float(cells) / Float(size) - 0.5
      let clamped = min(max(place, 0), Float(cells - 1))
      let low = Int(clamped)
      return (low, min(low + 1, cells - 1), clamped - Float(low))
    }
    let horizontal = (0..<width).map { taps($0, width, columns) }
    var result: [Float] = []
    result.reserveCapacity(height * width)
    for y in 0..<height {
      let (top, bottom, down) = taps(y, height, rows)
      for (left, right, across) in horizontal {
        let above = map[top * columns + left] * (1 - across) + map[top * columns + right] * across
        let below =
          map[bottom * columns + left] * (1 - across) + map[bottom * columns + right] * across
        result.append(above * (1 - down) + below * down)
      }
    }
    return result
  }

  /// The share of the map's mass that lies inside of a mask, 0 to 1; compare it with the share of
  /// the picture that the mask covers.
  /// - `mask`: `[height, width]`, row-major.
  public func massInside(_ mask: [Bool], height: Int, width: Int) -> Double {
    precondition(mask.count == height * width, "a mask of \(height)×\(width)")
    let values = resized(height: height, width: width)
    var inside = 0.0
    var total = 0.0
    for (value, isInside) in zip(values, mask) {
      total += Double(value)
      if isInside { inside += Double(value) }
    }
    return total > 0 ? inside / total : 0
  }

  /// The middle of the strongest cell, as shares of the picture's height and width from the top
  /// left; nil when nothing speaks for the text.
  public var peak: (row: Double, column: Double)? {
    guard let best = map.indices.max(by: { map[$0] < map[$1] }), map[best] > 0 else { return nil }
    return (
      (Double(best / columns) + 0.5) / Double(rows),
      (Double(best % columns) + 0.5) / Double(columns)
    )
  }

  /// How alike two maps are: the correlation of their values on the finer grid, -1 to 1.
  public func correlation(with other: Explanation) -> Double {
    let height = max(rows, other.rows)
    let width = max(columns, other.columns)
    let a = resized(height: height, width: width).map(Double.init)
    let b = other.resized(height: height, width: width).map(Double.init)
    let (meanA, meanB) = (PublishedArithmetic.mean(a), PublishedArithmetic.mean(b))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - meanA) * (y - meanB)
      aa += (x - meanA) * (x - meanA)
      bb += (y - meanB) * (y - meanB)
    }
    return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
  }
}
