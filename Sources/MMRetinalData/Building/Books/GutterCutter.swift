/// Cuts a composite image along its gutters: bands of one color between panels.
package enum GutterCutter {
  /// A part of an image, in pixels.
  package struct Part: Sendable, Hashable {
    package var rows: Range<Int>
    package var columns: Range<Int>

    var area: Int { rows.count * columns.count }
  }

  /// A part, and the parts that gutters cut it into.
  private struct Node {
    let part: Part
    var children: [Node]
  }

  /// Cuts an image into a number of panels.
  /// - Returns: the panels in the order of ``ReadingOrder``, and whether that order is ambiguous; nil if
  ///   its gutters do not give that number.
  package static func cut(_ image: FundusImage, into count: Int) -> (
    parts: [Part], isAmbiguous: Bool
  )? {
    guard count > 1 else { return nil }
    let whole = Part(rows: 0..<image.height, columns: 0..<image.width)
    let levels = Levels(image)
    var best: (parts: [Part], penalty: Double)?
    for color in levels.gutterColors() {
      for thickness in [2, 4, 7, 12] where thickness * 8 < min(image.width, image.height) {
        let root = node(whole, levels, color: color, thickness: thickness, depth: 0)
        guard let parts = choice(root, count: count) else { continue }
        let penalty = unevenness(parts, of: whole) + (color.isBlack ? 0.5 : 0)
        if best.map({ penalty < $0.penalty - 1e-9 }) ?? true { best = (parts, penalty) }
      }
    }
    guard let best, best.penalty < 2.5 else { return nil }
    let boxes = best.parts.map {
      Box(
        left: Double($0.columns.lowerBound), top: Double($0.rows.lowerBound),
        right: Double($0.columns.upperBound), bottom: Double($0.rows.upperBound))
    }
    let (order, isAmbiguous) = ReadingOrder.sorted(boxes)
    return (order.map { best.parts[$0] }, isAmbiguous)
  }

  /// How different in size the panels are, and how much of the image is none of them.
  private static func unevenness(_ parts: [Part], of whole: Part) -> Double {
    let areas = parts.map { Double($0.area) }
    let mean = areas.reduce(0, +) / Double(areas.count)
    let spread = areas.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(areas.count)
    let lost = 1 - areas.reduce(0, +) / Double(whole.area)
    return spread.squareRoot() / mean + 2 * max(0, lost - 0.1)
  }

  /// Nodes of the tree, none within another, that cover it and are as many as asked for; of several
  /// choices the most even one.
  private static func choice(_ root: Node, count: Int) -> [Part]? {
    var best: ([Part], Double)?
    var budget = 4000
    func visit(_ open: [Node], _ done: [Part]) {
      budget -= 1
      guard budget > 0, done.count + open.count <= count else { return }
      guard let next = open.first else {
        if done.count == count {
          let penalty = unevenness(done, of: root.part)
          if best.map({ penalty < $0.1 }) ?? true { best = (done, penalty) }
        }
        return
      }
      let rest = Array(open.dropFirst())
      if !next.children.isEmpty { visit(next.children + rest, done) }
      visit(rest, done + [next.part])
    }
    visit([root], [])
    return best?.0
  }

  private static func node(
    _ part: Part, _ levels: Levels, color: Levels.Color, thickness: Int, depth: Int
  ) -> Node {
    let part = color.isBlack ? part : levels.trimmed(part, color)
    var result = Node(part: part, children: [])
    guard depth < 6, part.rows.count > 24, part.columns.count > 24 else { return result }
    let rows = levels.bands(part, color: color, thickness: thickness, alongRows: true)
    let columns = levels.bands(part, color: color, thickness: thickness, alongRows: false)
    // Cut in the direction of the larger share of gutters; rows first where both are possible.
    let pieces: [Part]
    if !rows.isEmpty {
      pieces = split(part.rows, rows, isBlack: color.isBlack)
        .map { Part(rows: $0, columns: part.columns) }
    } else if !columns.isEmpty {
      pieces = split(part.columns, columns, isBlack: color.isBlack)
        .map { Part(rows: part.rows, columns: $0) }
    } else {
      return result
    }
    result.children = pieces.map {
      node($0, levels, color: color, thickness: thickness, depth: depth + 1)
    }
    return result
  }

  /// What lies between bands. Fundus photographs are black at their edges themselves, so that a black
  /// gutter is cut in its middle.
  private static func split(_ range: Range<Int>, _ bands: [Range<Int>], isBlack: Bool) -> [Range<
    Int
  >] {
    var result: [Range<Int>] = []
    var start = range.lowerBound
    for band in bands {
      let middle = (band.lowerBound + band.upperBound) / 2
      let (end, next) =
        isBlack
        ? (max(band.lowerBound, middle - 4), min(band.upperBound, middle + 4))
        : (band.lowerBound, band.upperBound)
      if end > start { result.append(start..<end) }
      start = next
    }
    if range.upperBound > start { result.append(start..<range.upperBound) }
    return result
  }
}

/// The pixels of an image as a cutter needs them.
private struct Levels {
  struct Color {
    let red: Int
    let green: Int
    let blue: Int
    var isBlack: Bool { max(red, green, blue) < 40 }
  }

  let image: FundusImage
  init(_ image: FundusImage) { self.image = image }

  /// Colors that whole rows or columns have, the brightest first.
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
    return found.values.filter { $0.count >= 3 }
      .sorted {
        ($0.color.red + $0.color.green, $0.count) > ($1.color.red + $1.color.green, $1.count)
      }
      .prefix(6).map(\.color)
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

  private func matches(_ color: Color, count: Int, at place: (Int) -> (Int, Int)) -> Bool {
    var misses = 0
    let limit = 20
    for index in 0..<count {
      let (x, y) = place(index)
      let start = (y * image.width + x) * 3
      if abs(Int(image.pixels[start]) - color.red) > limit
        || abs(Int(image.pixels[start + 1]) - color.green) > limit
        || abs(Int(image.pixels[start + 2]) - color.blue) > limit
      {
        misses += 1
        if misses * 200 > count { return false }
      }
    }
    return true
  }

  private func isGutter(_ line: Int, _ part: GutterCutter.Part, _ color: Color, isRow: Bool) -> Bool
  {
    isRow
      ? matches(color, count: part.columns.count) { (part.columns.lowerBound + $0, line) }
      : matches(color, count: part.rows.count) { (line, part.rows.lowerBound + $0) }
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
        if first > range.lowerBound, line - first >= thickness { result.append(first..<line) }
        start = nil
      }
    }
    // Panels have a size.
    return result.filter {
      $0.lowerBound - range.lowerBound > range.count / 20
        && range.upperBound - $0.upperBound > range.count / 20
    }
  }

  /// A part without gutters at its edges.
  func trimmed(_ part: GutterCutter.Part, _ color: Color) -> GutterCutter.Part {
    var rows = part.rows
    var columns = part.columns
    func gutter(_ line: Int, isRow: Bool) -> Bool {
      isGutter(line, .init(rows: rows, columns: columns), color, isRow: isRow)
    }
    while rows.count > 8, gutter(rows.lowerBound, isRow: true) { rows.removeFirst() }
    while rows.count > 8, gutter(rows.upperBound - 1, isRow: true) { rows.removeLast() }
    while columns.count > 8, gutter(columns.lowerBound, isRow: false) { columns.removeFirst() }
    while columns.count > 8, gutter(columns.upperBound - 1, isRow: false) { columns.removeLast() }
    return .init(rows: rows, columns: columns)
  }
}
