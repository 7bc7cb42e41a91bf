/// A 64-bit fingerprint of an image that survives resizing and recompression (dHash): gray, averaged
/// down to 9 x 8, a bit for each pixel that is darker than its right neighbor.
public struct DifferenceHash: Sendable, Hashable, CustomStringConvertible {
  /// The bits: the first row first, its leftmost pair highest.
  public let bits: UInt64

  /// The fingerprint of an image.
  public init(of image: FundusImage) {
    let (columns, rows) = (9, 8)
    var sums = [Double](repeating: 0, count: columns * rows)
    for row in 0..<rows {
      let ys = Self.part(row, of: rows, size: image.height)
      for column in 0..<columns {
        let xs = Self.part(column, of: columns, size: image.width)
        var sum = 0
        for y in ys {
          for x in xs {
            let start = (y * image.width + x) * 3
            // 299 R + 587 G + 114 B: gray, times 1000.
            sum +=
              299 * Int(image.pixels[start]) + 587 * Int(image.pixels[start + 1])
              + 114 * Int(image.pixels[start + 2])
          }
        }
        sums[row * columns + column] = Double(sum) / Double(ys.count * xs.count)
      }
    }
    var bits: UInt64 = 0
    for row in 0..<rows {
      for column in 0..<columns - 1 {
        let index = row * columns + column
        bits = bits << 1 | (sums[index + 1] > sums[index] ? 1 : 0)
      }
    }
    self.bits = bits
  }

  /// In how many bits two fingerprints differ.
  public func distance(to other: DifferenceHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

  /// 16 hexadecimal digits.
  public var description: String {
    let digits = String(bits, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The pixels of one of `count` parts of a side; at least one.
  private static func part(_ index: Int, of count: Int, size: Int) -> Range<Int> {
    let start = min(index * size / count, size - 1)
    return start..<max(start + 1, (index + 1) * size / count)
  }

  /// Groups of images that look the same: the connected parts under "at most `limit` bits apart", each
  /// with two or more members, in order.
  public static func groups(_ hashes: [DifferenceHash], within limit: Int = 4) -> [[Int]] {
    var parents = Array(hashes.indices)
    func root(_ index: Int) -> Int {
      var index = index
      while parents[index] != index { index = parents[index] }
      return index
    }
    for second in hashes.indices {
      for first in 0..<second where hashes[first].distance(to: hashes[second]) <= limit {
        let (a, b) = (root(first), root(second))
        parents[max(a, b)] = min(a, b)
      }
    }
    return Dictionary(grouping: hashes.indices, by: root).values.filter { $0.count > 1 }
      .map { $0.sorted() }.sorted { $0[0] < $1[0] }
  }
}
