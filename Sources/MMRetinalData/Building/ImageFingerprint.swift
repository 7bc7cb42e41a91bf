/// What an image looks like, for finding copies that were resized or compressed again.
///
/// Two images resemble each other if their ``DifferenceHash`` differs in no more than 4 of 64 bits and the
/// grays of their 16 x 16 thumbnails by no more than 3 of 255 levels on average. Fundus photographs are so
/// much alike that the hash alone would pair different eyes.
public struct ImageFingerprint: Sendable, Hashable {
  /// The most bits of the hash that may differ.
  public static let bitLimit = 4
  /// The most levels by which the thumbnails may differ on average.
  public static let levelLimit = 3

  /// The pattern of light and dark.
  public let hash: DifferenceHash
  private let thumbnail: [UInt8]

  /// The fingerprint of an image.
  public init(of image: FundusImage) {
    hash = DifferenceHash(of: image)
    let side = 16
    var values: [UInt8] = []
    values.reserveCapacity(side * side)
    for row in 0..<side {
      let ys = Self.part(row, of: side, size: image.height)
      for column in 0..<side {
        let xs = Self.part(column, of: side, size: image.width)
        var sum = 0
        for y in ys {
          for x in xs {
            let start = (y * image.width + x) * 3
            sum +=
              299 * Int(image.pixels[start]) + 587 * Int(image.pixels[start + 1])
              + 114 * Int(image.pixels[start + 2])
          }
        }
        values.append(UInt8(sum / (1000 * ys.count * xs.count)))
      }
    }
    thumbnail = values
  }

  /// Whether two images look the same.
  public func resembles(_ other: ImageFingerprint) -> Bool {
    guard hash.distance(to: other.hash) <= Self.bitLimit else { return false }
    var sum = 0
    for index in thumbnail.indices {
      sum += abs(Int(thumbnail[index]) - Int(other.thumbnail[index]))
    }
    return sum <= Self.levelLimit * thumbnail.count
  }

  private static func part(_ index: Int, of count: Int, size: Int) -> Range<Int> {
    let start = min(index * size / count, size - 1)
    return start..<max(start + 1, (index + 1) * size / count)
  }
}
