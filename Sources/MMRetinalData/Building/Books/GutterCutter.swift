/// Cuts a composite image along its gutters: bands of one color between panels.
package enum GutterCutter {
  /// A part of an image, in pixels.
  package struct Part: Sendable, Hashable {
    package var rows: Range<Int>
    package var columns: Range<Int>

    package init(rows: Range<Int>, columns: Range<Int>) {
      self.rows = rows
      self.columns = columns
    }

    var area: Int { rows.count * columns.count }
  }

  /// The panels that an image was cut into.
  package struct Cut: Sendable, Hashable {
    /// The panels in the order of ``ReadingOrder``.
    package var parts: [Part]
    /// Whether another order is as likely.
    package var isAmbiguous: Bool
    /// Whether panels may end elsewhere: neighbors that both have the color of the gutters at their edges,
    /// as graphs on white paper, or a layout that few composites have.
    package var isUneven: Bool
  }

  /// Pixels in which gutters are looked for; larger images are made smaller for it.
  private static let pixelLimit = 1_500_000

  /// Cuts an image into a number of panels.
  /// - Returns: nil if its gutters do not give that number.
  package static func cut(_ image: FundusImage, into count: Int) -> Cut? {
    guard count > 1, count <= 26, image.width >= 48, image.height >= 48 else { return nil }
    var step = 1
    while image.width * image.height / (step * step) > pixelLimit { step += 1 }
    let small = step == 1 ? image : image.everyPixel(step)
    let whole = Part(rows: 0..<small.height, columns: 0..<small.width)
    var best: (map: GutterMap, layout: GutterLayout, outer: Part)?
    // Compression leaves other pixels in gutters, but lines of a graph are thin as well.
    for misses in [200, 50] {
      for color in GutterMap.colors(of: small, misses: misses) {
        let map = GutterMap(small, color: color, misses: misses)
        let outer = GutterEdges.withoutMargin(whole, map)
        guard let layout = GutterLayout.best(in: map, whole: outer, panels: count) else { continue }
        if layout.cost < (best?.layout.cost ?? .infinity) - 1e-9 {
          best = (map, layout, outer)
        }
      }
      if let best, best.layout.cost < 1.2 * Double(count - 1) { break }
    }
    guard let best, best.layout.cost < 2.5 * Double(count - 1) else { return nil }
    var edges = GutterEdges(best.layout.tree, best.outer, best.map)
    edges.refine()
    let parts = edges.parts.map { $0.scaled(by: step, within: image) }
    let boxes = parts.map {
      Box(
        left: Double($0.columns.lowerBound), top: Double($0.rows.lowerBound),
        right: Double($0.columns.upperBound), bottom: Double($0.rows.upperBound))
    }
    let (order, isAmbiguous) = ReadingOrder.sorted(boxes)
    return Cut(
      parts: order.map { parts[$0] }, isAmbiguous: isAmbiguous, isUneven: edges.isUnsure)
  }
}

extension GutterCutter.Part {
  fileprivate func scaled(by step: Int, within image: FundusImage) -> Self {
    func scaled(_ range: Range<Int>, _ count: Int, _ limit: Int) -> Range<Int> {
      // The last pixels of a side may be fewer than a step.
      range.lowerBound * step..<(range.upperBound == count ? limit : range.upperBound * step)
    }
    if step == 1 { return self }
    return .init(
      rows: scaled(rows, image.height / step, image.height),
      columns: scaled(columns, image.width / step, image.width))
  }
}

extension FundusImage {
  /// The image with one pixel of each square of pixels.
  fileprivate func everyPixel(_ step: Int) -> FundusImage {
    let (columns, rows) = (width / step, height / step)
    var result = [UInt8]()
    result.reserveCapacity(columns * rows * 3)
    for y in 0..<rows {
      for x in 0..<columns {
        let start = (y * step * width + x * step) * 3
        result.append(contentsOf: pixels[start..<start + 3])
      }
    }
    return FundusImage(width: columns, height: rows, pixels: result)
  }
}

extension Box {
  /// The place of a part of the image that fills this box.
  func place(of part: GutterCutter.Part, in image: FundusImage) -> Box {
    let (sx, sy) = (width / Double(image.width), height / Double(image.height))
    return Box(
      left: left + Double(part.columns.lowerBound) * sx,
      top: top + Double(part.rows.lowerBound) * sy,
      right: left + Double(part.columns.upperBound) * sx,
      bottom: top + Double(part.rows.upperBound) * sy)
  }
}
