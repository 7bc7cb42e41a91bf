/// Where the panels of a composite end exactly.
///
/// A band of the gutters' color is wider than its gutter where a panel has that color at its edge: a graph on
/// white paper, a fundus with black around it. Gutters of a composite are alike in width, and images
/// without such an edge end at theirs; the rest of a band belongs to the panel that has its color.
struct GutterEdges {
  typealias Part = GutterCutter.Part
  typealias Side = GutterMap.Side

  /// A gutter, and the panels next to it.
  private struct Gutter {
    var band: Range<Int>
    let alongRows: Bool
    var before: [Int] = []
    var behind: [Int] = []
  }

  /// The panels.
  private(set) var parts: [Part] = []
  /// Whether panels may end elsewhere.
  private(set) var isUnsure = false
  private var gutters: [Gutter] = []
  private let map: GutterMap
  private var isBlack: Bool { map.color.isBlack }

  /// How much of an image's side must end sharply.
  private static let sharp = 0.4

  init(_ tree: GutterLayout.Tree, _ whole: Part, _ map: GutterMap) {
    self.map = map
    add(tree, whole)
    for index in gutters.indices {
      let (band, alongRows) = (gutters[index].band, gutters[index].alongRows)
      for (place, part) in parts.enumerated() where reaches(part, index) {
        let range = alongRows ? part.rows : part.columns
        if range.upperBound == band.lowerBound { gutters[index].before.append(place) }
        if range.lowerBound == band.upperBound { gutters[index].behind.append(place) }
      }
    }
  }

  private var spans: [Range<Int>] = []
  /// Panels with a side that follows from the usual width of gutters in general.
  private var guessed: Set<Int> = []

  private mutating func add(_ tree: GutterLayout.Tree, _ part: Part) {
    switch tree {
    case .panel: parts.append(part)
    case .cut(let band, let alongRows, let before, let behind):
      let range = alongRows ? part.rows : part.columns
      gutters.append(Gutter(band: band, alongRows: alongRows))
      spans.append(alongRows ? part.columns : part.rows)
      add(before, part.with(range.lowerBound..<band.lowerBound, alongRows: alongRows))
      add(behind, part.with(band.upperBound..<range.upperBound, alongRows: alongRows))
    }
  }

  /// Whether a panel lies within the length of a gutter.
  private func reaches(_ part: Part, _ gutter: Int) -> Bool {
    let across = gutters[gutter].alongRows ? part.columns : part.rows
    return spans[gutter].contains(across.lowerBound)
      && across.upperBound <= spans[gutter].upperBound
  }

  /// Whether the image of a panel ends sharply at a gutter.
  private func isSharp(_ gutter: Gutter, _ places: [Int], _ side: Side) -> Bool {
    places.contains { map.sharpness(side, of: parts[$0]) >= Self.sharp }
  }

  /// Moves the edges of panels that have the color of the gutters.
  mutating func refine() {
    let sides = gutters.map { gutter in
      (
        before: isSharp(gutter, gutter.before, gutter.alongRows ? .bottom : .right),
        behind: isSharp(gutter, gutter.behind, gutter.alongRows ? .top : .left)
      )
    }
    let known = zip(gutters, sides).filter { $1.before && $1.behind }.map(\.0.band.count).sorted()
    let usual =
      known.isEmpty ? max(3, max(map.width, map.height) / 80) : known[(known.count - 1) / 2]
    // Gutters of one direction that differ leave a doubt although images end at them.
    for alongRows in [true, false] {
      let widths = zip(gutters, sides).filter {
        $0.alongRows == alongRows && $1.before && $1.behind
      }
      .map(\.0.band.count)
      let side = parts.map { min($0.rows.count, $0.columns.count) }.min() ?? 0
      if (widths.max() ?? 0) - (widths.min() ?? 0) > max(6, side / 20) { isUnsure = true }
    }
    var open: [Int] = []
    for (index, side) in sides.enumerated() where !(side.before && side.behind) {
      let band = gutters[index].band
      if band.count <= usual + 2 { continue }
      if side.before {
        place(index, band.lowerBound..<band.lowerBound + usual)
        if known.isEmpty { guessed.formUnion(gutters[index].behind) }
      } else if side.behind {
        place(index, band.upperBound - usual..<band.upperBound)
        if known.isEmpty { guessed.formUnion(gutters[index].before) }
      } else {
        open.append(index)
      }
    }
    placeOpen(open, usual, isKnown: !known.isEmpty)
    if !isBlack { parts = parts.map(trimmed) }
  }

  private mutating func place(_ index: Int, _ band: Range<Int>) {
    let gutter = gutters[index]
    for place in gutter.before { setEnd(place, band.lowerBound, gutter.alongRows) }
    for place in gutter.behind { setStart(place, band.upperBound, gutter.alongRows) }
  }

  /// Gutters between panels that both have their color at their edges. The black around a fundus is as
  /// wide on its other side; elsewhere the middle is a guess.
  private mutating func placeOpen(_ indices: [Int], _ usual: Int, isKnown: Bool) {
    var open = indices
    while !open.isEmpty {
      func margins(_ index: Int) -> (before: Int?, behind: Int?) {
        guard isBlack else { return (nil, nil) }
        let gutter = gutters[index]
        return (
          margin(gutter.before, alongRows: gutter.alongRows, atStart: true, open),
          margin(gutter.behind, alongRows: gutter.alongRows, atStart: false, open)
        )
      }
      let next = open.firstIndex { margins($0).before != nil || margins($0).behind != nil } ?? 0
      let index = open.remove(at: next)
      let band = gutters[index].band
      let rest = band.count - usual
      var low = band.lowerBound + rest / 2
      switch margins(index) {
      case (let before?, let behind?):
        let (first, last) = (band.lowerBound + before, band.upperBound - behind)
        if first < last {
          place(index, first..<last)
          continue
        }
        low = (first + last - usual) / 2
      case (let before?, nil):
        low = band.lowerBound + before
        if !isKnown { guessed.formUnion(gutters[index].behind) }
      case (nil, let behind?):
        low = band.upperBound - behind - usual
        if !isKnown { guessed.formUnion(gutters[index].before) }
      case (nil, nil):
        // Each side may be off by half of what is left.
        let smallest =
          (gutters[index].before + gutters[index].behind).map {
            gutters[index].alongRows ? parts[$0].rows.count : parts[$0].columns.count
          }.min() ?? 0
        if rest * 25 > smallest { isUnsure = true }
        guessed.formUnion(gutters[index].before + gutters[index].behind)
      }
      low = max(band.lowerBound, min(low, band.upperBound - usual))
      place(index, low..<low + usual)
    }
  }

  /// How much of the gutters' color a panel has at a side; nil where that side is not known.
  private func margin(_ places: [Int], alongRows: Bool, atStart: Bool, _ open: [Int]) -> Int? {
    guard places.count == 1, let place = places.first, !guessed.contains(place) else { return nil }
    let isOpen = open.contains {
      gutters[$0].alongRows == alongRows
        && (atStart ? gutters[$0].behind : gutters[$0].before).contains(place)
    }
    if isOpen { return nil }
    let (part, content) = (parts[place], map.content(of: parts[place]))
    let (all, own) = alongRows ? (part.rows, content.rows) : (part.columns, content.columns)
    return atStart ? own.lowerBound - all.lowerBound : all.upperBound - own.upperBound
  }

  private mutating func setEnd(_ place: Int, _ end: Int, _ alongRows: Bool) {
    let part = parts[place]
    parts[place] = part.with(
      (alongRows ? part.rows : part.columns).lowerBound..<end, alongRows: alongRows)
  }

  private mutating func setStart(_ place: Int, _ start: Int, _ alongRows: Bool) {
    let part = parts[place]
    parts[place] = part.with(
      start..<(alongRows ? part.rows : part.columns).upperBound, alongRows: alongRows)
  }

  /// An image that ends sharply on all sides within its part, as one that is lower than its neighbors.
  private func trimmed(_ part: Part) -> Part {
    let content = map.content(of: part)
    guard content != part, content.area * 4 > part.area,
      Side.allCases.allSatisfy({ map.sharpness($0, of: content) >= 0.7 })
    else { return part }
    return content
  }

  /// An image without a margin that runs around all of it.
  static func withoutMargin(_ whole: Part, _ map: GutterMap) -> Part {
    if map.color.isBlack { return whole }
    let content = map.content(of: whole)
    let margins = [
      content.rows.lowerBound - whole.rows.lowerBound,
      whole.rows.upperBound - content.rows.upperBound,
      content.columns.lowerBound - whole.columns.lowerBound,
      whole.columns.upperBound - content.columns.upperBound,
    ]
    let ends = zip(Side.allCases, margins).filter { side, _ in
      map.sharpness(side, of: content) >= Self.sharp
    }
    // Where an image has no margin, paper at another side belongs to a graph.
    guard !ends.isEmpty, (margins.min() ?? 0) > 0 else { return whole }
    let limit = ends.map(\.1).max()! + 2
    return Part(
      rows: whole.rows.lowerBound + min(limit, margins[0])..<whole.rows.upperBound
        - min(limit, margins[1]),
      columns: whole.columns.lowerBound + min(limit, margins[2])..<whole.columns.upperBound
        - min(limit, margins[3]))
  }
}
