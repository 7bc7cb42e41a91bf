import FundusTensor

/// A 64-bit fingerprint of an image that survives resizing and recompression (dHash): gray, averaged
/// down to 9 x 8, a bit for each pixel that is darker than its right neighbor.
public struct DifferenceHash: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The bits: the first row first, its leftmost pair highest.
  public let bits: UInt64

  /// The fingerprint of an image.
  public init(of image: FundusImage) {
    let (columns, rows) = (9, 8)
    let means = image.grayBlocks(columns: columns, rows: rows)
      .map { Double($0.sum) / Double($0.count) }
    var bits: UInt64 = 0
    for row in 0..<rows {
      for column in 0..<columns - 1 {
        let index = row * columns + column
        bits = bits << 1 | (means[index + 1] > means[index] ? 1 : 0)
      }
    }
    self.bits = bits
  }

  /// In how many bits two fingerprints differ.
  public func distance(to other: DifferenceHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

  /// 16 hexadecimal digits.
  public var description: String { hexadecimal([bits]) }
}
