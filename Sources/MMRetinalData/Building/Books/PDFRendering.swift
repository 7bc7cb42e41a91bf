import Foundation

/// Cuts the images of one page out of renderings of it.
struct PDFRendering {
  let collector: PDFCollector
  let page: CollectedPage
  /// Objects that are part of the design.
  let ornaments: Set<String>

  /// A run of placements that touch, and may be strips of one image.
  private struct Chain {
    var parts: [PDFReading.Placement]
    var box: Box { Box.around(parts.map(\.box))! }
  }

  /// The page's images, written to files, and what could not be done.
  func images(of placements: [PDFReading.Placement]) throws -> ([CollectedImage], [String]) {
    let chains = Self.chains(placements.filter(isContent))
    var result: [CollectedImage] = []
    var notes: [String] = []
    for chain in chains {
      let rendered: FundusImage?
      do {
        rendered = try render(chain)
      } catch let failure as LimitedProcess.Failure {
        if case .missing = failure { throw failure }
        notes.append("page \(page.number): an image could not be rendered (\(failure))")
        continue
      }
      guard let rendered else { continue }
      for (place, part, strips) in Self.split(chain.parts.map(\.box), whole: chain.box, rendered) {
        var (box, image) = (place, part)
        if chain.parts[0].isScanned {
          (box, image) = Self.trimmed(box, image)
        } else {
          (box, image) = Self.withoutPaper(box, image)
        }
        guard image.width >= 24, image.height >= 24, !DecoyTest.isDecoy(image) else { continue }
        let name = "page\(page.number)-\(result.count + 1).png"
        try image.writePNG(
          to: collector.folder.appending(path: name), compression: 1, force: true)
        var collected = CollectedImage(
          box: box, file: name, width: image.width, height: image.height, strips: strips)
        collected.isSlanted = chain.parts.contains(where: \.isSlanted)
        collected.isCovered =
          chain.parts.contains(where: \.isCutOff) || isCovered(box, by: chains.map(\.box))
        result.append(collected)
      }
    }
    return (result, notes)
  }

  /// Whether a placement may be an image that the book shows, not part of its design.
  private func isContent(_ image: PDFReading.Placement) -> Bool {
    if !image.object.isEmpty, ornaments.contains(image.object) { return false }
    let box = image.box
    // A part of a split image may be a thin strip; what is small in both directions is an ornament.
    if max(box.width, box.height) < 30 || min(box.width, box.height) < 1.5 { return false }
    if box.area > 0.6 * page.width * page.height {
      let words = page.lines.flatMap(\.words).count { box.contains(x: $0.middleX, y: $0.middleY) }
      if words > 12 { return false }
    }
    return true
  }

  /// Whether text or another image lies within the place of an image. The page may clip it there, which the
  /// programs that read PDF do not tell.
  private func isCovered(_ box: Box, by others: [Box]) -> Bool {
    let inner = Box(
      left: box.left + 0.02 * box.width, top: box.top + 0.02 * box.height,
      right: box.right - 0.02 * box.width, bottom: box.bottom - 0.02 * box.height)
    let isShared = others.contains { other in
      guard let shared = other.intersection(inner) else { return false }
      // The image's own place, a part of it, or what it is a part of.
      return shared.area > 0.02 * box.area && shared.area < 0.9 * min(box.area, other.area)
    }
    let words = page.lines.lazy.flatMap(\.words).count {
      $0.width > 1.5 * $0.height && inner.contains(x: $0.middleX, y: $0.middleY)
    }
    return isShared || words > 5
  }

  /// Placements side by side without a gap, in one row or one column, in chains.
  private static func chains(_ placements: [PDFReading.Placement]) -> [Chain] {
    var chains = unique(Array(placements.prefix(2000))).map { Chain(parts: [$0]) }
    // Rows of columns, then columns of rows: tiles are joined as well.
    for isVertical in [true, false, true] {
      var parents = Array(chains.indices)
      func root(_ index: Int) -> Int {
        var index = index
        while parents[index] != index { index = parents[index] }
        return index
      }
      let boxes = chains.map(\.box)
      for (first, a) in boxes.enumerated() {
        for (second, b) in boxes.enumerated() where second != first {
          let touches =
            isVertical
            ? abs(a.left - b.left) < 1 && abs(a.right - b.right) < 1 && abs(b.top - a.bottom) < 0.75
            : abs(a.top - b.top) < 1 && abs(a.bottom - b.bottom) < 1 && abs(b.left - a.right) < 0.75
          if touches { parents[max(root(first), root(second))] = min(root(first), root(second)) }
        }
      }
      let groups = Dictionary(grouping: chains.indices, by: root)
      chains = groups.keys.sorted().map { key in
        Chain(parts: groups[key]!.flatMap { chains[$0].parts })
      }
    }
    return chains.filter { $0.box.width >= 20 && $0.box.height >= 20 }
  }

  /// Leaves out placements that lie within another one: layers of one image.
  private static func unique(_ placements: [PDFReading.Placement]) -> [PDFReading.Placement] {
    var kept: [PDFReading.Placement] = []
    for image in placements where image.box.area > 0 {
      if let index = kept.firstIndex(where: {
        guard let shared = $0.box.intersection(image.box) else { return false }
        return shared.area > 0.9 * min($0.box.area, image.box.area)
      }) {
        if image.box.area > kept[index].box.area { kept[index] = image }
      } else {
        kept.append(image)
      }
    }
    return kept
  }

  private func render(_ chain: Chain) throws -> FundusImage? {
    let resolution = chain.parts.map { collector.resolution(of: $0, box: chain.box) }.max() ?? 150
    let box = chain.box
    guard
      let image = try collector.render(page: page.number, resolution: resolution, region: box)
    else { return nil }
    // The rendering covers whole pixels; half a pixel more on each side is the neighbor's.
    let scale = resolution / 72
    let width = max(1, min(image.width, Int((box.width * scale).rounded())))
    let height = max(1, min(image.height, Int((box.height * scale).rounded())))
    let x = min(
      image.width - width, Int(box.left * scale - (box.left * scale).rounded(.down) + 0.5))
    let y = min(
      image.height - height, Int(box.top * scale - (box.top * scale).rounded(.down) + 0.5))
    return image.cropped(rows: y..<y + height, columns: x..<x + width)
  }

  /// An image without the paper that shows where the page clips it: white around an image that ends sharply
  /// on all sides.
  private static func withoutPaper(_ box: Box, _ image: FundusImage) -> (Box, FundusImage) {
    let whole = GutterCutter.Part(rows: 0..<image.height, columns: 0..<image.width)
    func isWhite(_ x: Int, _ y: Int) -> Bool {
      let start = (y * image.width + x) * 3
      return image.pixels[start..<start + 3].allSatisfy { $0 > 250 }
    }
    let (right, bottom) = (image.width - 1, image.height - 1)
    // Most images have no white corner, and need no closer look.
    guard
      [(0, 0), (right, 0), (0, bottom), (right, bottom)].contains(where: { isWhite($0.0, $0.1) })
    else { return (box, image) }
    let map = GutterMap(image, color: .init(red: 255, green: 255, blue: 255), misses: 200)
    let content = map.content(of: whole)
    guard content != whole, content.rows.count >= 24, content.columns.count >= 24,
      GutterMap.Side.allCases.allSatisfy({ map.sharpness($0, of: content) >= 0.7 })
    else { return (box, image) }
    return (
      box.place(of: content, in: image),
      image.cropped(rows: content.rows, columns: content.columns)
    )
  }

  /// An image without the paper around it.
  private static func trimmed(_ box: Box, _ image: FundusImage) -> (Box, FundusImage) {
    func isPaper(_ x: Int, _ y: Int) -> Bool {
      let start = (y * image.width + x) * 3
      return image.pixels[start] > 225 && image.pixels[start + 1] > 225
        && image.pixels[start + 2] > 225
    }
    func inkInRow(_ y: Int) -> Bool {
      (0..<image.width).count { !isPaper($0, y) } * 50 > image.width
    }
    func inkInColumn(_ x: Int) -> Bool {
      (0..<image.height).count { !isPaper(x, $0) } * 50 > image.height
    }
    guard let top = (0..<image.height).first(where: inkInRow),
      let bottom = (0..<image.height).last(where: inkInRow),
      let left = (0..<image.width).first(where: inkInColumn),
      let right = (0..<image.width).last(where: inkInColumn)
    else { return (box, image) }
    let content = GutterCutter.Part(rows: top..<bottom + 1, columns: left..<right + 1)
    return (
      box.place(of: content, in: image),
      image.cropped(rows: content.rows, columns: content.columns)
    )
  }

  // MARK: - Strips

  /// Keeps adjacent parts together where the image continues across their seams, and cuts elsewhere.
  private static func split(
    _ parts: [Box], whole: Box, _ image: FundusImage
  ) -> [(Box, FundusImage, [Box])] {
    guard parts.count > 1 else { return [(whole, image, [])] }
    var image = image
    let (sx, sy) = (Double(image.width) / whole.width, Double(image.height) / whole.height)
    var group = Array(parts.indices)
    func root(_ index: Int) -> Int { group[index] == index ? index : root(group[index]) }
    for a in parts.indices {
      for b in parts.indices where a != b {
        let (first, second) = (parts[a], parts[b])
        let isBelow = abs(second.top - first.bottom) < 0.75 && first.overlapX(second) > 1
        let isBeside = abs(second.left - first.right) < 0.75 && first.overlapY(second) > 1
        guard isBelow || isBeside else { continue }
        let joins: Bool
        if isBelow {
          let xs =
            Int(
              (max(first.left, second.left) - whole.left) * sx)..<Int(
              (min(first.right, second.right) - whole.left) * sx)
          joins = image.joins(
            acrossRow: Int(((second.top - whole.top) * sy).rounded()), columns: xs)
        } else {
          let ys =
            Int(
              (max(first.top, second.top) - whole.top) * sy)..<Int(
              (min(first.bottom, second.bottom) - whole.top) * sy)
          joins = image.joins(
            acrossColumn: Int(((second.left - whole.left) * sx).rounded()), rows: ys)
        }
        if joins { group[root(b)] = root(a) }
      }
    }
    let groups = Dictionary(grouping: parts.indices, by: root)
    return groups.values.sorted { $0[0] < $1[0] }.compactMap { members in
      let boxes = members.map { parts[$0] }
      guard let box = Box.around(boxes) else { return nil }
      let x0 = max(0, Int(((box.left - whole.left) * sx).rounded()))
      let y0 = max(0, Int(((box.top - whole.top) * sy).rounded()))
      let x1 = min(image.width, Int(((box.right - whole.left) * sx).rounded()))
      let y1 = min(image.height, Int(((box.bottom - whole.top) * sy).rounded()))
      guard x1 > x0, y1 > y0 else { return nil }
      return (
        box, image.cropped(rows: y0..<y1, columns: x0..<x1), boxes.count > 1 ? boxes : []
      )
    }
  }
}
