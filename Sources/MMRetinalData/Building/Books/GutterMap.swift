/// Where an image has another color than the gutters of a composite, with counts for any rectangle.
struct GutterMap {
  /// A color of gutters.
  struct Color: Hashable {
    let red: Int
    let green: Int
    let blue: Int
    var isBlack: Bool { max(red, green, blue) < 40 }
  }

  let color: Color
  let width: Int
  let height: Int
  /// One in how many pixels of a gutter's line may have another color.
  let misses: Int
  /// Pixels of another color above and left of each corner of a pixel.
  private let sums: [Int32]

  /// Marks the pixels that differ from a color by more than compression explains.
  init(_ image: FundusImage, color: Color, misses: Int) {
    self.color = color
    width = image.width
    height = image.height
    self.misses = misses
    let stride = image.width + 1
    var sums = [Int32](repeating: 0, count: stride * (image.height + 1))
    image.pixels.withUnsafeBufferPointer { pixels in
      for y in 0..<image.height {
        var row: Int32 = 0
        for x in 0..<image.width {
          let start = (y * image.width + x) * 3
          if abs(Int(pixels[start]) - color.red) > 20
            || abs(Int(pixels[start + 1]) - color.green) > 20
            || abs(Int(pixels[start + 2]) - color.blue) > 20
          {
            row += 1
          }
          sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row
        }
      }
    }
    self.sums = sums
  }

  /// The share of pixels of another color.
  func ink(_ rows: Range<Int>, _ columns: Range<Int>) -> Double {
    let area = rows.count * columns.count
    return area == 0 ? 0 : Double(count(rows, columns)) / Double(area)
  }

  private func count(_ rows: Range<Int>, _ columns: Range<Int>) -> Int {
    let stride = width + 1
    let (top, bottom) = (rows.lowerBound * stride, rows.upperBound * stride)
    return Int(
      sums[bottom + columns.upperBound] - sums[top + columns.upperBound]
        - sums[bottom + columns.lowerBound] + sums[top + columns.lowerBound])
  }

  /// Whether a line across a part is of the gutters' color.
  func isGutter(_ line: Int, across part: GutterCutter.Part, alongRows: Bool) -> Bool {
    alongRows
      ? count(line..<line + 1, part.columns) * misses <= part.columns.count
      : count(part.rows, line..<line + 1) * misses <= part.rows.count
  }

  /// Bands of the gutters' color across a part, not at its edges.
  func bands(across part: GutterCutter.Part, alongRows: Bool) -> [Range<Int>] {
    let range = alongRows ? part.rows : part.columns
    var result: [Range<Int>] = []
    var start: Int?
    for line in range {
      if isGutter(line, across: part, alongRows: alongRows) {
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
    return result.filter { $0.count >= 2 }
  }

  /// The part without lines of the gutters' color at its edges.
  func content(of part: GutterCutter.Part) -> GutterCutter.Part {
    var (rows, columns) = (part.rows, part.columns)
    func isEmpty(_ line: Int, _ alongRows: Bool) -> Bool {
      isGutter(line, across: .init(rows: rows, columns: columns), alongRows: alongRows)
    }
    while rows.count > 8, isEmpty(rows.lowerBound, true) { rows.removeFirst() }
    while rows.count > 8, isEmpty(rows.upperBound - 1, true) { rows.removeLast() }
    while columns.count > 8, isEmpty(columns.lowerBound, false) { columns.removeFirst() }
    while columns.count > 8, isEmpty(columns.upperBound - 1, false) { columns.removeLast() }
    return .init(rows: rows, columns: columns)
  }

  /// A side of a part.
  enum Side: CaseIterable { case top, bottom, left, right }

  /// How much an image ends at a side: 1 where all pixels along it, and a little farther in, have another
  /// color than the gutters; about 0 where paper of a graph or the black around a fundus goes on.
  func sharpness(_ side: Side, of part: GutterCutter.Part) -> Double {
    let depth = side == .top || side == .bottom ? part.rows.count : part.columns.count
    let inner = max(4, depth / 12)
    func strip(_ from: Int, _ count: Int) -> Double {
      switch side {
      case .top:
        ink(part.rows.lowerBound + from..<part.rows.lowerBound + from + count, part.columns)
      case .bottom:
        ink(part.rows.upperBound - from - count..<part.rows.upperBound - from, part.columns)
      case .left:
        ink(part.rows, part.columns.lowerBound + from..<part.columns.lowerBound + from + count)
      case .right:
        ink(part.rows, part.columns.upperBound - from - count..<part.columns.upperBound - from)
      }
    }
    guard depth > inner + 3 else { return 0 }
    // The first lines may be mixed with the gutter by scaling.
    let first = max(strip(0, 1), strip(1, 1), strip(2, 1))
    return min(first, strip(1, inner))
  }
}

extension GutterMap {
  /// Colors that whole rows or columns have: the most frequent ones, the brightest and the darkest.
  static func colors(of image: FundusImage, misses: Int) -> [Color] {
    var found: [Color: Int] = [:]
    func note(_ quarters: Int, count: Int, at place: (Int) -> (Int, Int)) {
      if let color = uniform(image, count, misses, place) { found[color, default: 0] += quarters }
    }
    // A gutter may cross only a part of the image, where panels of rows differ in width.
    for share in [0..<4, 0..<2, 2..<4, 0..<1, 1..<2, 2..<3, 3..<4] {
      let columns = image.width * share.lowerBound / 4..<image.width * share.upperBound / 4
      let rows = image.height * share.lowerBound / 4..<image.height * share.upperBound / 4
      for y in 0..<image.height {
        note(share.count, count: columns.count) { (columns.lowerBound + $0, y) }
      }
      for x in 0..<image.width {
        note(share.count, count: rows.count) { (x, rows.lowerBound + $0) }
      }
    }
    func order(_ a: Color, _ b: Color) -> Bool {
      (a.red + a.green, a.blue) > (b.red + b.green, b.blue)
    }
    // Lines that compression or scaling changed count with those that are like them.
    let groups = Dictionary(grouping: found) { color, _ in
      (color.red / 32) << 16 | (color.green / 32) << 8 | color.blue / 32
    }
    let all = groups.values.map { members in
      (
        count: members.reduce(0) { $0 + $1.value },
        color: members.max { ($0.value, order($1.key, $0.key) ? 1 : 0) < ($1.value, 0) }!.key
      )
    }.filter { $0.count >= 3 }.sorted { order($0.color, $1.color) }
    let frequent = all.sorted { $0.count > $1.count }.prefix(6)
    return (all.prefix(2) + frequent + all.suffix(1)).map(\.color).sorted(by: order)
      .reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The color of a line of pixels that nearly all look the same; nil otherwise.
  private static func uniform(
    _ image: FundusImage, _ count: Int, _ misses: Int, _ place: (Int) -> (Int, Int)
  ) -> Color? {
    guard count > 0 else { return nil }
    func color(_ index: Int) -> Color {
      let (x, y) = place(index)
      let start = (y * image.width + x) * 3
      return Color(
        red: Int(image.pixels[start]), green: Int(image.pixels[start + 1]),
        blue: Int(image.pixels[start + 2]))
    }
    let middle = color(count / 2)
    var others = 0
    for index in 0..<count {
      let pixel = color(index)
      if abs(pixel.red - middle.red) > 20 || abs(pixel.green - middle.green) > 20
        || abs(pixel.blue - middle.blue) > 20
      {
        others += 1
        if others * misses > count { return nil }
      }
    }
    return middle
  }
}
