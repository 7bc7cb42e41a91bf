/// What lies between two parts of an image that a document stores apart.
enum ImageSeam {
  /// The parts are separate images.
  case border
  /// One image, cut.
  case continuous
  /// One image, with a line of paper between its parts that rounding has left.
  case hairline

  /// Looks at the rows, or columns, around a seam.
  /// - Parameters:
  ///   - seam: the first row of the second part.
  ///   - length: the number of rows.
  ///   - step: the mean difference, in gray levels, of a row to the one so many rows before it.
  ///   - level: the mean level of a row.
  init(
    at seam: Int, of length: Int, step: (_ row: Int, _ distance: Int) -> Double,
    level: (Int) -> Double
  ) {
    guard seam >= 4, seam + 4 <= length else {
      self = .continuous
      return
    }
    func mean(_ rows: [Int], _ distance: Int) -> Double {
      rows.map { step($0, distance) }.reduce(0, +) / Double(rows.count)
    }
    // The rendering may be off by a pixel.
    let largest = (seam - 1...seam + 1).map { step($0, 1) }.max()!
    if largest <= 2.5 * mean([seam - 3, seam - 2, seam + 2, seam + 3], 1) + 4 {
      self = .continuous
    } else if seam >= 8, seam + 8 <= length, min(level(seam - 2), level(seam + 1)) > 20,
      step(seam + 1, 3) <= 1.5 * mean([seam - 4, seam - 2, seam + 4, seam + 6], 3) + 4
    {
      // Not where both end dark, as photographs of the eye do.
      self = .hairline
    } else {
      self = .border
    }
  }
}

extension FundusImage {
  /// Whether the image continues across the border above a row. A hairline is filled in.
  package mutating func joins(acrossRow row: Int, columns: Range<Int>) -> Bool {
    guard !columns.isEmpty, columns.upperBound <= width else { return true }
    let width = width
    return joins(at: row, of: height, across: columns) { ($1 * width + $0) * 3 }
  }

  /// As ``joins(acrossRow:columns:)``, for the border left of a column.
  package mutating func joins(acrossColumn column: Int, rows: Range<Int>) -> Bool {
    guard !rows.isEmpty, rows.upperBound <= height else { return true }
    let width = width
    return joins(at: column, of: width, across: rows) { ($0 * width + $1) * 3 }
  }

  /// - Parameter offset: where a pixel is, by its place along the seam and across it.
  private mutating func joins(
    at seam: Int, of length: Int, across range: Range<Int>, offset: (Int, Int) -> Int
  ) -> Bool {
    let samples = Double(3 * range.count)
    let kind = ImageSeam(
      at: seam, of: length,
      step: { row, distance in
        var sum = 0
        for place in range {
          let (here, there) = (offset(place, row), offset(place, row - distance))
          for c in 0..<3 { sum += abs(Int(pixels[here + c]) - Int(pixels[there + c])) }
        }
        return Double(sum) / samples
      },
      level: { row in
        var sum = 0
        for place in range {
          for c in 0..<3 { sum += Int(pixels[offset(place, row) + c]) }
        }
        return Double(sum) / samples
      })
    if kind == .hairline {
      var filled = pixels
      for place in range {
        let (before, after) = (offset(place, seam - 2), offset(place, seam + 1))
        for c in 0..<3 {
          let (first, second) = (Int(pixels[before + c]), Int(pixels[after + c]))
          filled[offset(place, seam - 1) + c] = UInt8((2 * first + second) / 3)
          filled[offset(place, seam) + c] = UInt8((first + 2 * second) / 3)
        }
      }
      self = FundusImage(width: width, height: height, pixels: filled)
    }
    return kind != .border
  }
}
