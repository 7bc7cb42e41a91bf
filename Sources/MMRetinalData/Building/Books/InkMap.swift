/// Where a page has ink, coarsely: finds drawings that are made of lines, which are no images.
package struct InkMap: Sendable {
  /// Pixels an inch of the rendering.
  package static let resolution = 36

  private let columns: Int
  private let rows: Int
  /// Dark pixels.
  private let isDark: [Bool]

  /// A map of a page, rendered in gray at ``resolution``.
  package init(_ image: FundusImage) {
    columns = image.width
    rows = image.height
    isDark = (0..<image.width * image.height).map { image.pixels[$0 * 3] < 225 }
  }

  /// The places of drawings: connected ink of some size that is neither text, nor an image, nor a frame
  /// around one.
  package func drawings(images: [Box], words: [Box]) -> [Box] {
    let scale = Double(Self.resolution) / 72
    var free = isDark
    for box in images.map({ $0.grown(by: 3) }) + words.map({ $0.grown(by: 1) }) {
      let ys =
        max(0, Int(box.top * scale))..<max(0, min(rows, Int((box.bottom * scale).rounded(.up))))
      let xs =
        max(0, Int(box.left * scale))..<max(0, min(columns, Int((box.right * scale).rounded(.up))))
      guard !ys.isEmpty, !xs.isEmpty, ys.lowerBound < ys.upperBound else { continue }
      for y in ys { for x in xs { free[y * columns + x] = false } }
    }
    // Ink within 4 pixels (8 points) belongs together.
    let cell = 4
    let (across, down) = ((columns + cell - 1) / cell, (rows + cell - 1) / cell)
    var counts = [Int](repeating: 0, count: across * down)
    for y in 0..<rows {
      for x in 0..<columns where free[y * columns + x] {
        counts[(y / cell) * across + x / cell] += 1
      }
    }
    var seen = [Bool](repeating: false, count: counts.count)
    var result: [Box] = []
    for start in counts.indices where counts[start] > 0 && !seen[start] {
      var stack = [start]
      seen[start] = true
      var (minX, minY, maxX, maxY, ink) = (across, down, 0, 0, 0)
      while let index = stack.popLast() {
        let (x, y) = (index % across, index / across)
        (minX, maxX, minY, maxY) = (min(minX, x), max(maxX, x), min(minY, y), max(maxY, y))
        ink += counts[index]
        for ny in max(0, y - 1)...min(down - 1, y + 1) {
          for nx in max(0, x - 1)...min(across - 1, x + 1)
          where counts[ny * across + nx] > 0 && !seen[ny * across + nx] {
            seen[ny * across + nx] = true
            stack.append(ny * across + nx)
          }
        }
      }
      let points = Double(cell) / scale
      let box = Box(
        left: Double(minX) * points, top: Double(minY) * points, right: Double(maxX + 1) * points,
        bottom: Double(maxY + 1) * points)
      guard box.width >= 40, box.height >= 32, ink >= 24 else { continue }
      let framed = images.contains { box.intersection($0).map { $0.area > 0.3 * 1 } ?? false }
      guard !framed else { continue }
      result.append(box)
    }
    return result
  }
}
