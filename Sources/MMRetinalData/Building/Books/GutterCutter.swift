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
    return cut(GutterLevels(image, misses: 200), into: count)
      ?? cut(GutterLevels(image, misses: 50), into: count)
  }

  private static func cut(_ levels: GutterLevels, into count: Int) -> Cut? {
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
    _ part: Part, _ levels: GutterLevels, color: GutterLevels.Color, thickness: Int, depth: Int
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
