/// Cuts a composite image along its gutters: bands of one color between panels.
package enum GutterCutter {
  /// A part of an image, in pixels.
  package struct Part: Sendable, Hashable {
    package var rows: Range<Int>
    package var columns: Range<Int>

    var area: Int { rows.count * columns.count }
  }

  /// What an image was cut into.
  package struct Cut: Sendable, Hashable {
    /// The panels in the order of ``ReadingOrder``.
    package var parts: [Part]
    /// Whether another order is as likely.
    package var isAmbiguous: Bool
    /// Whether panels may end elsewhere: gutters of one direction differ in width, as next to a panel that
    /// has the color of the gutters at its edge.
    package var isUneven: Bool
  }

  /// A part, and the parts that gutters cut it into.
  private struct Node {
    let part: Part
    var children: [Node]
  }

  /// Cuts an image into a number of panels.
  /// - Returns: nil if its gutters do not give that number.
  package static func cut(_ image: FundusImage, into count: Int) -> Cut? {
    guard count > 1 else { return nil }
    // Compression leaves other pixels in gutters, but lines of a graph are thin as well.
    return cut(Levels(image, misses: 200), into: count)
      ?? cut(Levels(image, misses: 50), into: count)
  }

  private static func cut(_ levels: Levels, into count: Int) -> Cut? {
    let image = levels.image
    let whole = Part(rows: 0..<image.height, columns: 0..<image.width)
    var best: (parts: [Part], penalty: Double, isBlack: Bool)?
    for color in levels.gutterColors() {
      for thickness in [2, 4, 7, 12] where thickness * 8 < min(image.width, image.height) {
        let root = node(whole, levels, color: color, thickness: thickness, depth: 0)
        guard let parts = choice(root, count: count), parts.allSatisfy(isPanel) else { continue }
        let penalty = unevenness(parts, of: whole) + (color.isBlack ? 0.5 : 0)
        if best.map({ penalty < $0.penalty - 1e-9 }) ?? true {
          best = (parts, penalty, color.isBlack)
        }
      }
    }
    guard let best, best.penalty < 2.5 else { return nil }
    let boxes = best.parts.map {
      Box(
        left: Double($0.columns.lowerBound), top: Double($0.rows.lowerBound),
        right: Double($0.columns.upperBound), bottom: Double($0.rows.upperBound))
    }
    let (order, isAmbiguous) = ReadingOrder.sorted(boxes)
    return Cut(
      parts: order.map { best.parts[$0] }, isAmbiguous: isAmbiguous,
      isUneven: !best.isBlack && areUneven(boxes))
  }

  /// Whether a part has the shape of a panel, not of a strip between two lines of a graph.
  private static func isPanel(_ part: Part) -> Bool {
    let (width, height) = (part.columns.count, part.rows.count)
    return max(width, height) <= 6 * min(width, height)
  }

  /// Whether the spaces between neighbors differ, by more than an edge may be off.
  private static func areUneven(_ boxes: [Box]) -> Bool {
    func spaces(
      _ low: KeyPath<Box, Double>, _ high: KeyPath<Box, Double>, _ overlap: (Box, Box) -> Double
    )
      -> [Double]
    {
      boxes.compactMap { box in
        boxes.filter { $0[keyPath: low] >= box[keyPath: high] && overlap($0, box) > 2 }
          .map { $0[keyPath: low] - box[keyPath: high] }.min()
      }
    }
    let side = boxes.map { min($0.width, $0.height) }.min() ?? 0
    return [
      spaces(\.left, \.right, { $0.overlapY($1) }), spaces(\.top, \.bottom, { $0.overlapX($1) }),
    ].contains { ($0.max() ?? 0) - ($0.min() ?? 0) > max(5, 0.03 * side) }
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
    let part = color.isBlack ? part : levels.trimmed(part, color, all: depth == 0)
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
