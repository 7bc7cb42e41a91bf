/// The bins that text lengths are counted in: equally wide, from 1 on.
///
/// The published histogram has seven bins from 1 to 282: a width of 281 / 7, just above 40, so that a text of 41
/// words falls into the first. Short texts, such as labels, get seven bins up to the longest; texts beyond 282
/// get further bins of the published width.
public struct LengthBins: Sendable, Codable, Hashable {
  /// The published width.
  public static let publishedWidth = 281.0 / 7
  /// More bins than these are not shown; the last one holds all longer texts.
  public static let limit = 40

  /// The width of a bin.
  public let width: Double
  /// The number of bins.
  public let count: Int

  /// Bins for texts of these lengths.
  public init(for lengths: [Int]) {
    let longest = lengths.max() ?? 1
    if longest < 82 {
      width = Double(max(7, longest - 1)) / 7
      count = 7
    } else {
      width = Self.publishedWidth
      // As the last bin ends with its upper edge, a length of 282 still is in the seventh.
      count = min(Self.limit, max(7, Int((Double(longest - 1) / width).rounded(.up))))
    }
  }

  /// The lower edge of a bin, or the upper one of that before.
  public func edge(_ bin: Int) -> Double { 1 + width * Double(bin) }

  /// The number of texts in each bin.
  public func counts(_ lengths: [Int]) -> [Int] {
    var counts = [Int](repeating: 0, count: count)
    for length in lengths {
      counts[min(count - 1, max(0, Int(Double(length - 1) / width)))] += 1
    }
    return counts
  }
}
