/// A perceptual fingerprint of an image, to find copies that were resized or recompressed.
///
/// Two images resemble each other if their ``DifferenceHash`` differs in no more than 4 of 64 bits and the
/// grays of their 16 x 16 thumbnails by no more than 3 of 255 levels on average. Fundus photographs are so
/// similar that the hash alone would match different eyes.
public struct ImageFingerprint: Sendable, Hashable, Codable {
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
    thumbnail = image.grayBlocks(columns: 16, rows: 16).map { UInt8($0.sum / (1000 * $0.count)) }
  }

  /// Whether two images are near duplicates.
  public func resembles(_ other: ImageFingerprint) -> Bool {
    guard hash.distance(to: other.hash) <= Self.bitLimit else { return false }
    var sum = 0
    for index in thumbnail.indices {
      sum += abs(Int(thumbnail[index]) - Int(other.thumbnail[index]))
    }
    return sum <= Self.levelLimit * thumbnail.count
  }
}
