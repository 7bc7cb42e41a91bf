import Foundation
import KeepFIT
import TestSupport
import Testing

@Suite struct RetrievalScoresTests {
  @Test func retrievalInBlocksGivesTheRanksOfTheWholeMatrix() {
    // 600 pairs, of which several are alike, over more than two blocks.
    var random = RandomStream(seed: 3)
    func rows(_ kinds: Int) -> Tensor {
      let kinds = (0..<kinds).map { _ in (0..<8).map { _ in random.uniform() - 0.5 } }
      return Tensor((0..<600).flatMap { kinds[$0 * 7 % kinds.count] }, shape: [600, 8])
    }
    let (images, texts) = (rows(600), rows(450))
    let matrix = matmul(images, texts, transposeB: true).scalars
    for (name, stride, row) in [("i2t", 1, 600), ("t2i", 600, 1)] {
      let ranks = (0..<600).map { i in
        (0..<600).count { $0 != i && matrix[i * row + $0 * stride] >= matrix[i * 601] }
      }
      let scores = RetrievalScores(images: images, texts: texts, ks: [1, 10, 100]).values
      for k in [1, 10, 100] {
        let expected = Float(ranks.count { $0 < k }) / 600
        #expect(scores.first { $0.name == "\(name)_recall@\(k)" }?.value == expected)
      }
    }
  }

  @Test func retrievalScoresCountOnlyWhatIsBetterThanAllOthers() {
    let identity = Tensor.oneHot([0, 1, 2], count: 3)
    #expect(RetrievalScores(images: identity, texts: identity, ks: [1]).values[0].value == 1)
    // A model that says the same of everything has found nothing.
    let same = Tensor([1, 0, 1, 0, 1, 0], shape: [3, 2])
    #expect(RetrievalScores(images: same, texts: same, ks: [1]).values[0].value == 0)
    let broken = Tensor(repeating: .nan, shape: [3, 2])
    #expect(RetrievalScores(images: broken, texts: broken, ks: [1]).values[0].value == 0)
  }
}
