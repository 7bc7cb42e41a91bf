import KeepFIT
import Testing

/// Consecutive studies in batches of few images.
@Suite struct StudyBatchesTests {
  @Test(
    arguments: [
      ([], 4, Int.max, []),
      ([1], 4, Int.max, [0..<1]),
      ([1, 1, 1, 1, 1], 2, Int.max, [0..<2, 2..<4, 4..<5]),
      ([3, 1, 2, 2], 4, Int.max, [0..<2, 2..<4]),
      // A study with more images than the limit is a batch of its own.
      ([1, 9, 1], 4, Int.max, [0..<1, 1..<2, 2..<3]),
      ([9, 9], 4, Int.max, [0..<1, 1..<2]),
      // Studies without images count as studies only.
      ([0, 0, 4, 0, 1], 4, Int.max, [0..<4, 4..<5]),
      ([1, 1, 1, 1, 1], 100, 2, [0..<2, 2..<4, 4..<5]),
      ([2, 2, 2], 4, 1, [0..<1, 1..<2, 2..<3]),
    ] as [([Int], Int, Int, [Range<Int>])])
  func batchesAreFull(counts: [Int], images: Int, studies: Int, expected: [Range<Int>]) {
    #expect(
      StudyBatches.ranges(imageCounts: counts, imageLimit: images, studyLimit: studies) == expected)
  }

  @Test func everyStudyIsInOneBatch() {
    var random = RandomStream(seed: 3)
    for _ in 0..<200 {
      let counts = (0..<random.index(below: 40)).map { _ in random.index(below: 6) }
      let (images, studies) = (1 + random.index(below: 8), 1 + random.index(below: 8))
      let ranges = StudyBatches.ranges(
        imageCounts: counts, imageLimit: images, studyLimit: studies)
      #expect(ranges.flatMap { Array($0) } == Array(counts.indices))
      for range in ranges {
        #expect(!range.isEmpty && range.count <= studies)
        #expect(range.count == 1 || counts[range].reduce(0, +) <= images)
      }
    }
  }
}
