import Foundation
import KeepFIT
import Synchronization
import Testing

/// Ranks that are threads of this process: what MPI does between processes, for tests.
final class ThreadRanks: @unchecked Sendable {
  private let condition = NSCondition()
  private let size: Int
  private var contributions: [Int: [Float]] = [:]
  private var round = 0
  private var result: [Int: [Float]] = [:]
  private var readers = 0

  init(size: Int) { self.size = size }

  /// Every rank gives something and gets what all have given.
  func exchange(_ rank: Int, _ values: [Float]) -> [[Float]] {
    condition.withLock {
      while readers > 0 { condition.wait() }  // the last round is still being read
      contributions[rank] = values
      let own = round
      if contributions.count == size {
        result = contributions
        contributions = [:]
        readers = size
        round += 1
        condition.broadcast()
      } else {
        while round == own { condition.wait() }
      }
      let all = (0..<size).map { result[$0]! }
      readers -= 1
      if readers == 0 { condition.broadcast() }
      return all
    }
  }

  final class Member: Communicator, @unchecked Sendable {
    let ranks: ThreadRanks
    let rank: Int
    var size: Int { ranks.size }

    init(_ ranks: ThreadRanks, rank: Int) {
      self.ranks = ranks
      self.rank = rank
    }

    private struct Done: CommunicationRequest {
      let sum: Tensor
      func wait() -> Tensor { sum }
    }

    func startSum(_ tensor: Tensor) -> any CommunicationRequest {
      let all = ranks.exchange(rank, tensor.scalars)
      let sums = tensor.scalars.indices.map { index in all.reduce(0) { $0 + $1[index] } }
      return Done(sum: Tensor(sums, shape: tensor.shape))
    }

    func gather(_ tensor: Tensor) -> Tensor {
      var shape = tensor.shape
      shape[0] *= size
      return Tensor(ranks.exchange(rank, tensor.scalars).flatMap { $0 }, shape: shape)
    }

    func maximum(_ value: Float) -> Float { ranks.exchange(rank, [value]).map { $0[0] }.max()! }
    func broadcast(_ tensor: Tensor) -> Tensor {
      Tensor(ranks.exchange(rank, tensor.scalars)[0], shape: tensor.shape)
    }
    func barrier() { _ = ranks.exchange(rank, []) }
    func abort(_ message: String) -> Never { fatalError(message) }
  }

  /// Runs `body` on every rank at the same time and returns the results in order.
  static func run<Value: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (Member) -> Value
  ) -> [Value] {
    let ranks = ThreadRanks(size: size)
    let results = Mutex<[Int: Value]>([:])
    let group = DispatchGroup()
    for rank in 0..<size {
      group.enter()
      Thread.detachNewThread {
        let value = body(Member(ranks, rank: rank))
        results.withLock { $0[rank] = value }
        group.leave()
      }
    }
    group.wait()
    return results.withLock { found in (0..<size).map { found[$0]! } }
  }
}

@Suite struct CommunicatorTests {
  /// Two ranks with three pairs each must get the gradients that one rank with all six gets.
  @Test func globalLossHasTheGradientsOfOneProcess() throws {
    let images = Initialization.random(RandomStream(seed: 1)).uniform([6, 8], bound: 1)
    let texts = Initialization.random(RandomStream(seed: 2)).uniform([6, 8], bound: 1)
    let categories = ["a", "b", "a", "c", "b", "a"]

    @Sendable func gradients(_ communicator: any Communicator, rows: Range<Int>) -> [[Float]] {
      let encoder = Parameter(
        Initialization.random(RandomStream(seed: 3)).uniform([4, 8], bound: 0.5))
      let attention = KnowledgeAttention(
        dimensions: 4, initialization: .random(RandomStream(seed: 4)))
      let scale = Parameter(Tensor(2))
      let parameters =
        [encoder, scale] + attention.parameters.map(\.parameter)
      let averaging = GradientAveraging(
        parameters, communicator: communicator, overlaps: true, bucketElements: 20)
      averaging.start()
      func encode(_ x: Tensor) -> Tensor {
        communicator.gatherWithGradients(
          linear(x.sliced(rows), weight: encoder.tensor).l2Normalized())
      }
      let own = CategoryExchange.gather(Array(categories[rows]), communicator)
      let stream = EncodedStream(
        images: encode(images), texts: encode(texts),
        targets: ContrastiveLoss.categoryTargets(own))
      let expert = EncodedStream(
        images: encode(images * 2), texts: encode(texts - 1),
        targets: ContrastiveLoss.pairTargets(6))
      let terms = KeepFITObjective(revisionWeight: 10).terms(
        EncodedBatch(labeled: stream, expert: expert),
        heads: ObjectiveHeads(logitScale: scale, attention: attention), mode: .inference)
      terms.loss.backward()
      averaging.finish()
      return [[terms.loss.item]] + parameters.map { $0.gradient!.scalars }
    }

    let expected = gradients(SingleProcess(), rows: 0..<6)
    let found = ThreadRanks.run(2) { member in
      gradients(member, rows: member.rank * 3..<member.rank * 3 + 3)
    }
    for rank in found {
      for (a, b) in zip(rank, expected) {
        for (x, y) in zip(a, b) { #expect(abs(x - y) <= 1e-5 * max(1, abs(y))) }
      }
    }
  }

  /// Two ranks with half of the rows each normalize as one with all of them, forwards and backwards.
  @Test func batchNormOverRanksIsThatOfTheWholeBatch() throws {
    let x = Initialization.random(RandomStream(seed: 5)).uniform([4, 3, 2, 5], bound: 2)
    let factors = Initialization.random(RandomStream(seed: 6)).uniform([4, 3, 2, 5], bound: 1)

    @Sendable func values(_ communicator: any Communicator, rows: Range<Int>) -> [[Float]] {
      let norm = BatchNorm2d(channels: 5, initialization: .random(RandomStream(seed: 7)))
      let input = Parameter(x.sliced(rows))
      let y = norm(
        input.tensor, statistics: .batch(updates: true, ranks: communicator), relu: true)
      // As gatherWithGradients hands it back: times the ranks, for the average that follows.
      (y * factors.sliced(rows)).sum().backward(
        gradient: Tensor(Float(communicator.size)))
      let averaging = GradientAveraging(
        [norm.weight, norm.bias], communicator: communicator, overlaps: false)
      averaging.start()
      averaging.finish()
      let scale = 1 / Float(communicator.size)
      return [
        y.scalars, input.gradient!.scalars.map { $0 * scale }, norm.weight.gradient!.scalars,
        norm.bias.gradient!.scalars, norm.runningMean.value.scalars,
        norm.runningVariance.value.scalars,
      ]
    }

    let expected = values(SingleProcess(), rows: 0..<4)
    let found = ThreadRanks.run(2) { values($0, rows: $0.rank * 2..<$0.rank * 2 + 2) }
    for (index, whole) in expected.enumerated() {
      // The first two belong to rows, the others are the same on every rank.
      let parts = index < 2 ? found[0][index] + found[1][index] : found[1][index]
      #expect(parts.count == whole.count)
      for (a, b) in zip(parts, whole) { #expect(abs(a - b) <= 1e-5 * max(1, abs(b))) }
    }
  }
}
