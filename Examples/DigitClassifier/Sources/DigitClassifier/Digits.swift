import FundusTensor

/// Images of digits as on a seven-segment display, shifted, thickened and noisy.
enum Digits {
  static let side = 20

  /// Which of the segments top, upper left, upper right, middle, lower left, lower right and bottom
  /// each digit lights.
  private static let segments: [[Bool]] = [
    "1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010",
    "1111111", "1111011",
  ].map { $0.map { $0 == "1" } }

  /// Random digits: images `[count, 20, 20, 1]` from 0 to 1, and what they show.
  static func batch(_ count: Int, from stream: inout RandomStream) -> (Tensor, [Int]) {
    let classes = (0..<count).map { _ in stream.index(below: 10) }
    var pixels = [Float](repeating: 0, count: count * side * side)
    for (image, digit) in classes.enumerated() {
      let left = 3 + stream.index(below: 5)
      let top = 2 + stream.index(below: 4)
      let thickness = 1 + stream.index(below: 2)
      func fill(_ rows: Range<Int>, _ columns: Range<Int>) {
        for y in rows { for x in columns { pixels[(image * side + y) * side + x] = 0.9 } }
      }
      let lit = segments[digit]
      let (right, middle, bottom) = (left + 6, top + 6, top + 12)
      if lit[0] { fill(top..<top + thickness, left..<right) }
      if lit[1] { fill(top..<middle, left..<left + thickness) }
      if lit[2] { fill(top..<middle, right..<right + thickness) }
      if lit[3] { fill(middle..<middle + thickness, left..<right) }
      if lit[4] { fill(middle..<bottom, left..<left + thickness) }
      if lit[5] { fill(middle..<bottom, right..<right + thickness) }
      if lit[6] { fill(bottom..<bottom + thickness, left..<right + thickness) }
    }
    for index in pixels.indices { pixels[index] += 0.15 * stream.normal() }
    return (Tensor(pixels, shape: [count, side, side, 1]), classes)
  }
}
