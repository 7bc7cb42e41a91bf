/// The pixels of an image as a cutter needs them.
struct GutterLevels {
  struct Color: Equatable {
    let red: Int
    let green: Int
    let blue: Int
    var isBlack: Bool { max(red, green, blue) < 40 }
  }

  let image: FundusImage
  /// One in how many pixels of a gutter's line may have another color.
  let misses: Int

  init(_ image: FundusImage, misses: Int) {
    self.image = image
    self.misses = misses
  }

  /// Colors that whole rows or columns have: the most frequent ones, the brightest and the darkest.
  func gutterColors() -> [Color] {
    var found: [Int: (count: Int, color: Color)] = [:]
    func note(_ color: Color) {
      let key = (color.red / 32) << 16 | (color.green / 32) << 8 | color.blue / 32
      found[key, default: (0, color)].count += 1
    }
    // A gutter may cross only a part of the image, where panels of rows differ in width.
    for share in [0..<4, 0..<2, 2..<4, 0..<1, 1..<2, 2..<3, 3..<4] {
      let columns = image.width * share.lowerBound / 4..<image.width * share.upperBound / 4
      let rows = image.height * share.lowerBound / 4..<image.height * share.upperBound / 4
      for y in 0..<image.height {
        if let color = uniform(count: columns.count, at: { (columns.lowerBound + $0, y) }) {
          note(color)
        }
      }
      for x in 0..<image.width {
        if let color = uniform(count: rows.count, at: { (x, rows.lowerBound + $0) }) { note(color) }
      }
    }
    func order(_ a: Color, _ b: Color) -> Bool {
      (a.red + a.green, a.blue) > (b.red + b.green, b.blue)
    }
    let all = found.values.filter { $0.count >= 3 }.sorted { order($0.color, $1.color) }
    let frequent = all.sorted { $0.count > $1.count }.prefix(4)
    return (all.prefix(2) + frequent + all.suffix(1)).map(\.color).sorted(by: order)
      .reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The color of a line of pixels that all look the same; nil otherwise.
  private func uniform(count: Int, at place: (Int) -> (Int, Int)) -> Color? {
    guard count > 0 else { return nil }
    let (x0, y0) = place(count / 2)
    let start = (y0 * image.width + x0) * 3
    let color = Color(
      red: Int(image.pixels[start]), green: Int(image.pixels[start + 1]),
      blue: Int(image.pixels[start + 2]))
    return matches(color, count: count, at: place) ? color : nil
  }

  /// Whether nearly all pixels of a line are of a color. Compression leaves a few others beside edges.
  private func matches(
    _ color: Color, count: Int, limit: Int = 20, misses allowed: Int? = nil,
    at place: (Int) -> (Int, Int)
  ) -> Bool {
    let allowed = allowed ?? self.misses
    var misses = 0
    for index in 0..<count {
      let (x, y) = place(index)
      let start = (y * image.width + x) * 3
      if abs(Int(image.pixels[start]) - color.red) > limit
        || abs(Int(image.pixels[start + 1]) - color.green) > limit
        || abs(Int(image.pixels[start + 2]) - color.blue) > limit
      {
        misses += 1
        if misses * allowed > count { return false }
      }
    }
    return true
  }

  private func isGutter(
    _ line: Int, _ part: GutterCutter.Part, _ color: Color, isRow: Bool, isFringe: Bool = false
  ) -> Bool {
    let (limit, misses) = isFringe ? (60, 5) : (20, self.misses)
    return isRow
      ? matches(color, count: part.columns.count, limit: limit, misses: misses) {
        (part.columns.lowerBound + $0, line)
      }
      : matches(color, count: part.rows.count, limit: limit, misses: misses) {
        (line, part.rows.lowerBound + $0)
      }
  }

  /// Bands of a color across a part, not at its edges.
  func bands(
    _ part: GutterCutter.Part, color: Color, thickness: Int, alongRows: Bool
  ) -> [Range<Int>] {
    let range = alongRows ? part.rows : part.columns
    var result: [Range<Int>] = []
    var start: Int?
    for line in range {
      if isGutter(line, part, color, isRow: alongRows) {
        start = start ?? line
      } else if let first = start {
        if first > range.lowerBound {
          // A stray line within a gutter is no panel.
          if let last = result.last, first - last.upperBound <= 2 {
            result[result.count - 1] = last.lowerBound..<line
          } else {
            result.append(first..<line)
          }
        }
        start = nil
      }
    }
    result = result.filter { $0.count >= thickness }
    if !color.isBlack {
      // Lines where gutter and panel were mixed by scaling.
      func isFringe(_ line: Int) -> Bool {
        isGutter(line, part, color, isRow: alongRows, isFringe: true)
      }
      result = result.map { band in
        var (low, high) = (band.lowerBound, band.upperBound)
        while low > range.lowerBound, low > band.lowerBound - 3, isFringe(low - 1) { low -= 1 }
        while high < range.upperBound, high < band.upperBound + 3, isFringe(high) { high += 1 }
        return low..<high
      }
    }
    // Panels have a size.
    return result.filter {
      $0.lowerBound - range.lowerBound > range.count / 20
        && range.upperBound - $0.upperBound > range.count / 20
    }
  }

  /// A part without gutters at its edges.
  /// - Parameter all: whether narrow ones go as well; a panel of the color of the gutters keeps its own
  ///   edge.
  func trimmed(_ part: GutterCutter.Part, _ color: Color, all: Bool) -> GutterCutter.Part {
    var rows = part.rows
    var columns = part.columns
    func gutter(_ line: Int, isRow: Bool) -> Bool {
      isGutter(line, .init(rows: rows, columns: columns), color, isRow: isRow)
    }
    while rows.count > 8, gutter(rows.lowerBound, isRow: true) { rows.removeFirst() }
    while rows.count > 8, gutter(rows.upperBound - 1, isRow: true) { rows.removeLast() }
    while columns.count > 8, gutter(columns.lowerBound, isRow: false) { columns.removeFirst() }
    while columns.count > 8, gutter(columns.upperBound - 1, isRow: false) { columns.removeLast() }
    func kept(_ new: Range<Int>, of old: Range<Int>) -> Range<Int> {
      all || old.count - new.count > old.count / 8 ? new : old
    }
    return .init(rows: kept(rows, of: part.rows), columns: kept(columns, of: part.columns))
  }
}
