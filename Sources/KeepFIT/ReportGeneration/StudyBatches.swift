/// Consecutive studies that are processed together, so that few images are in memory at a time.
package enum StudyBatches {
  /// The batches, in order.
  /// - Parameters:
  ///   - imageCounts: the number of images of each study.
  ///   - imageLimit: the maximum number of images per batch, unless a single study has more.
  ///   - studyLimit: the maximum number of studies per batch; at least one.
  package static func ranges(
    imageCounts: [Int], imageLimit: Int, studyLimit: Int = .max
  ) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var (start, images) = (0, 0)
    for (index, count) in imageCounts.enumerated() {
      if index > start, index - start == studyLimit || images + count > imageLimit {
        ranges.append(start..<index)
        (start, images) = (index, 0)
      }
      images += count
    }
    if start < imageCounts.count { ranges.append(start..<imageCounts.count) }
    return ranges
  }
}
