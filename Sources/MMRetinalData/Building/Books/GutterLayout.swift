import Foundation

/// How gutters cut a composite into panels: a tree of cuts from edge to edge.
struct GutterLayout {
  typealias Part = GutterCutter.Part

  /// A panel, or a cut.
  indirect enum Tree {
    case panel
    /// A band of the gutters' color, and what lies before and behind it.
    case cut(band: Range<Int>, alongRows: Bool, before: Tree, behind: Tree)
  }

  let tree: Tree
  /// How unlikely the layout is; a quarter for each panel is little.
  let cost: Double

  /// The most likely layout of a number of panels.
  /// - Returns: nil if bands of the color cannot give that number.
  static func best(in map: GutterMap, whole: Part, panels: Int) -> GutterLayout? {
    var search = Search(map: map, area: Double(whole.area), panels: panels)
    guard let found = search.best(whole, panels, alongRows: nil, depth: 0) else { return nil }
    return GutterLayout(tree: found.tree, cost: found.cost)
  }

  private struct Key: Hashable {
    let part: Part
    let panels: Int
    let alongRows: Bool
  }

  /// Tries all choices of bands. Work is limited by leaving out parts that are too large or too small for
  /// their number of panels.
  private struct Search {
    let map: GutterMap
    /// The area of the whole image.
    let area: Double
    let panels: Int
    var known: [Key: (tree: Tree, cost: Double)?] = [:]
    var bands: [Key: [(band: Range<Int>, cost: Double)]] = [:]
    /// Parts that may still be looked at.
    var budget = 60_000

    /// - Parameter alongRows: the direction of cuts; nil for either, with a single panel left whole.
    mutating func best(_ part: Part, _ count: Int, alongRows: Bool?, depth: Int)
      -> (tree: Tree, cost: Double)?
    {
      if count == 1 { return panelCost(part).map { (.panel, $0) } }
      guard depth < 5 else { return nil }
      guard let alongRows else {
        let rows = best(part, count, alongRows: true, depth: depth)
        let columns = best(part, count, alongRows: false, depth: depth)
        guard let rows, let columns else { return rows ?? columns }
        return rows.cost <= columns.cost ? rows : columns
      }
      let key = Key(part: part, panels: count, alongRows: alongRows)
      if let found = known[key] { return found }
      var result: (tree: Tree, cost: Double)?
      let range = alongRows ? part.rows : part.columns
      for (band, gutter) in gutters(part, alongRows: alongRows, depth: depth) {
        let first = part.with(range.lowerBound..<band.lowerBound, alongRows: alongRows)
        let rest = part.with(band.upperBound..<range.upperBound, alongRows: alongRows)
        for own in 1..<count where fits(first, own) && fits(rest, count - own) {
          budget -= 1
          guard budget > 0 else { break }
          guard
            let before = own == 1
              ? best(first, 1, alongRows: nil, depth: depth)
              : best(first, own, alongRows: !alongRows, depth: depth + 1),
            before.cost + gutter < result?.cost ?? .infinity
          else { continue }
          let more = count - own
          let along =
            more == 1
            ? best(rest, 1, alongRows: nil, depth: depth)
            : best(rest, more, alongRows: alongRows, depth: depth)
          let across =
            more == 1 ? nil : best(rest, more, alongRows: !alongRows, depth: depth + 1)
          guard let behind = [along, across].compactMap(\.self).min(by: { $0.cost < $1.cost })
          else { continue }
          let cost = before.cost + gutter + behind.cost
          if cost < result?.cost ?? .infinity {
            result = (
              .cut(band: band, alongRows: alongRows, before: before.tree, behind: behind.tree), cost
            )
          }
        }
      }
      known[key] = .some(result)
      return result
    }

    /// Whether a part may hold a number of panels, by its area.
    private func fits(_ part: Part, _ count: Int) -> Bool {
      let share = Double(part.area) / area * Double(panels) / Double(count)
      return share > 0.2 && share < 4
    }

    /// The strongest bands of a part, from the first to the last.
    private mutating func gutters(_ part: Part, alongRows: Bool, depth: Int)
      -> [(band: Range<Int>, cost: Double)]
    {
      let key = Key(part: part, panels: 0, alongRows: alongRows)
      if let found = bands[key] { return found }
      let range = alongRows ? part.rows : part.columns
      let all = map.bands(across: part, alongRows: alongRows)
        .filter {
          $0.lowerBound - range.lowerBound > range.count / 20
            && range.upperBound - $0.upperBound > range.count / 20
        }
        .map { (band: $0, cost: gutterCost($0, part, alongRows: alongRows)) }
      let kept = all.sorted { ($0.cost, $0.band.lowerBound) < ($1.cost, $1.band.lowerBound) }
        .prefix(depth == 0 ? 10 : 7).sorted { $0.band.lowerBound < $1.band.lowerBound }
      bands[key] = kept
      return kept
    }

    /// Images end sharply at a gutter, on one side of it at least and along a third of it.
    private func gutterCost(_ band: Range<Int>, _ part: Part, alongRows: Bool) -> Double {
      let range = alongRows ? part.rows : part.columns
      let across = alongRows ? part.columns : part.rows
      let before = part.with(range.lowerBound..<band.lowerBound, alongRows: alongRows)
      let behind = part.with(band.upperBound..<range.upperBound, alongRows: alongRows)
      var (end, start) = (0.0, 0.0)
      for pieces in 1...3 {
        for index in 0..<pieces {
          let piece =
            across.lowerBound + across.count * index / pieces..<across.lowerBound + across.count
            * (index + 1) / pieces
          end = max(
            end,
            map.sharpness(
              alongRows ? .bottom : .right, of: before.with(piece, alongRows: !alongRows)))
          start = max(
            start,
            map.sharpness(alongRows ? .top : .left, of: behind.with(piece, alongRows: !alongRows)))
        }
      }
      // The black around a fundus looks like a black gutter.
      return 2 * (1 - max(end, start)) + 0.5 * (1 - min(end, start)) + (map.color.isBlack ? 0.4 : 0)
    }

    /// Panels are alike in size, and not much longer than high; nil for what is no panel.
    private func panelCost(_ part: Part) -> Double? {
      let (width, height) = (Double(part.columns.count), Double(part.rows.count))
      guard min(width, height) >= 24, max(width, height) <= 6 * min(width, height) else {
        return nil
      }
      let size = log(Double(part.area) / area * Double(panels))
      let shape = max(0, abs(log(width / height / 1.3)) - 0.5)
      return 0.4 * size * size + 0.5 * shape * shape + (hasStep(part) ? 0.8 : 0)
    }

    /// Whether an image begins within a part although it fills the rest: what lies in front belongs to
    /// another panel.
    private func hasStep(_ part: Part) -> Bool {
      let content = map.content(of: part)
      guard !map.color.isBlack, content != part, content.area * 4 > part.area else { return false }
      let limits = (rows: part.rows.count / 30, columns: part.columns.count / 30)
      let steps: [(GutterMap.Side, Bool)] = [
        (.top, content.rows.lowerBound - part.rows.lowerBound > limits.rows),
        (.bottom, part.rows.upperBound - content.rows.upperBound > limits.rows),
        (.left, content.columns.lowerBound - part.columns.lowerBound > limits.columns),
        (.right, part.columns.upperBound - content.columns.upperBound > limits.columns),
      ]
      return steps.contains { $1 && map.sharpness($0, of: content) >= 0.8 }
    }
  }
}

extension GutterCutter.Part {
  /// The part with other rows, or other columns.
  func with(_ range: Range<Int>, alongRows: Bool) -> Self {
    alongRows ? .init(rows: range, columns: columns) : .init(rows: rows, columns: range)
  }
}
