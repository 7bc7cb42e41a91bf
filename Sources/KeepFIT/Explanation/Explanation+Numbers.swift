extension Explanation {
  /// The map at the size of the preprocessed image, `[height, width]`, row-major: bilinear between cell
  /// centers.
  public func resized(height: Int, width: Int) -> [Float] {
    grid.resized(height: height, width: width)
  }

  /// The map over the photograph, without padding, `[height, width]`, row-major, 0 to 1.
  /// - Parameters:
  ///   - height: rows of the photograph, at any resolution.
  ///   - width: columns of the photograph.
  public func overPhotograph(height: Int, width: Int) -> [Float] {
    grid.resized(height: height, width: width, content: content)
  }

  /// The fraction of the map's mass inside a mask, 0 to 1; compare it with the fraction of the image that
  /// the mask covers.
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

  /// The center of the strongest cell, as fractions of the image's height and width from the top left; nil
  /// if no region supports the text.
  public var peak: (row: Double, column: Double)? {
    guard let best = map.indices.max(by: { map[$0] < map[$1] }), map[best] > 0 else { return nil }
    return (
      (Double(best / columns) + 0.5) / Double(rows),
      (Double(best % columns) + 0.5) / Double(columns)
    )
  }

  /// The similarity of two maps: the correlation of their values on the finer grid, -1 to 1.
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
