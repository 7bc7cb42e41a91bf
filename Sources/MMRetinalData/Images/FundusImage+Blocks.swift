extension FundusImage {
  /// The pixels of one of `count` parts of a side of `size` pixels; at least one.
  static func part(_ index: Int, of count: Int, size: Int) -> Range<Int> {
    let start = index * size / count
    return start..<max(start + 1, (index + 1) * size / count)
  }

  /// The gray levels of a grid of blocks, row by row: the sum of 299 R + 587 G + 114 B, which is gray times
  /// 1000, and the number of pixels.
  func grayBlocks(columns: Int, rows: Int) -> [(sum: Int, count: Int)] {
    (0..<rows).flatMap { row in
      let ys = Self.part(row, of: rows, size: height)
      return (0..<columns).map { column in
        let xs = Self.part(column, of: columns, size: width)
        var sum = 0
        for y in ys {
          for x in xs {
            let start = (y * width + x) * 3
            sum +=
              299 * Int(pixels[start]) + 587 * Int(pixels[start + 1]) + 114 * Int(pixels[start + 2])
          }
        }
        return (sum, ys.count * xs.count)
      }
    }
  }
}
