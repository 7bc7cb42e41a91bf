import Foundation
import MMRetinalData
import Testing

@Suite struct SamplerTests {
  private func epoch(_ sampler: some BatchSampler, _ epoch: Int, batch: Int, ranks: Int = 1)
    -> [[[Int]]]
  {
    (0..<sampler.stepsPerEpoch(batchSize: batch, ranks: ranks)).map { step in
      (0..<ranks).map {
        sampler.indices(epoch: epoch, step: step, batchSize: batch, rank: $0, ranks: ranks)
      }
    }
  }

  @Test func shuffledGivesEachRowOnce() {
    let sampler = ShuffledSampler(count: 23, seed: 1)
    let first = epoch(sampler, 1, batch: 4).flatMap { $0.flatMap(\.self) }
    #expect(first.sorted() == Array(0..<23))
    #expect(first != Array(0..<23))
    #expect(epoch(sampler, 2, batch: 4).flatMap { $0.flatMap(\.self) } != first)
    #expect(epoch(sampler, 1, batch: 23)[0][0] == first)
    #expect(ShuffledSampler(count: 23, seed: 2).indices(epoch: 1, step: 0, batchSize: 23) != first)
    #expect(epoch(sampler, 1, batch: 4).last?[0].count == 3)
  }

  @Test func orderDoesNotDependOnWhatWasAskedBefore() {
    let a = ShuffledSampler(count: 50, seed: 9), b = ShuffledSampler(count: 50, seed: 9)
    _ = a.indices(epoch: 4, step: 1, batchSize: 8)
    #expect(
      a.indices(epoch: 2, step: 3, batchSize: 8) == b.indices(epoch: 2, step: 3, batchSize: 8))
  }

  @Test(arguments: [1, 2, 3, 4, 7])
  func ranksShareAnEpoch(_ ranks: Int) {
    let sampler = ShuffledSampler(count: 23, seed: 1)
    let steps = epoch(sampler, 1, batch: 3, ranks: ranks)
    // All ranks have as many draws at each step, and together see every row.
    #expect(steps.allSatisfy { Set($0.map(\.count)).count == 1 })
    let seen = steps.flatMap { $0.flatMap(\.self) }
    #expect(Set(seen) == Set(0..<23))
    #expect(seen.count == (23 + ranks - 1) / ranks * ranks)
    // One rank with a larger batch sees the same samples in a step.
    for (step, parts) in steps.dropLast().enumerated() {
      let whole = sampler.indices(epoch: 1, step: step, batchSize: 3 * ranks)
      #expect(Set(parts.flatMap(\.self)) == Set(whole))
    }
  }

  @Test func resumesWithOtherRanks() {
    let sampler = ShuffledSampler(count: 24, seed: 5)
    let whole = sampler.indices(epoch: 1, step: 0, batchSize: 24)
    let before = (0..<2).flatMap {
      sampler.indices(epoch: 1, step: 0, batchSize: 4, rank: $0, ranks: 2)
    }
    let after = (0..<4).flatMap { rank in
      sampler.draws(epoch: 1, position: 8, batchSize: 4, rank: rank, ranks: 4).map(\.index)
    }
    #expect(Set(before).union(after).count == 24)
    #expect(Set(before) == Set(whole.prefix(8)))
    #expect(sampler.draws(epoch: 1, position: 24, batchSize: 4).isEmpty)
  }

  @Test func sequentialCyclesAcrossEpochs() {
    // 10 rows, batches of 4, two steps an epoch.
    let sampler = SequentialSampler(count: 10, drawsPerEpoch: 8)
    #expect(epoch(sampler, 1, batch: 4) == [[[0, 1, 2, 3]], [[4, 5, 6, 7]]])
    #expect(epoch(sampler, 2, batch: 4) == [[[8, 9, 0, 1]], [[2, 3, 4, 5]]])
    #expect(epoch(sampler, 2, batch: 2, ranks: 2) == [[[8, 0], [9, 1]], [[2, 4], [3, 5]]])
  }

  @Test func uniformTakesDatasetsInTurn() {
    let names = ["b", "a", "b", "b", "c", "b", "b"]
    let sampler = UniformDatasetSampler(groups: names, seed: 2, shuffled: false)
    for epoch in 1...20 {
      let drawn = sampler.indices(epoch: epoch, step: 0, batchSize: 7).map { names[$0] }
      #expect(drawn == ["a", "b", "c", "a", "b", "c", "a"])
    }
    let shuffled = UniformDatasetSampler(groups: names, seed: 2)
    let drawn = shuffled.indices(epoch: 1, step: 0, batchSize: 7).map { names[$0] }
    #expect(drawn.sorted() == ["a", "a", "a", "b", "b", "c", "c"])
    // Every row of the large dataset is reached.
    let rows = (1...100).flatMap { sampler.indices(epoch: $0, step: 0, batchSize: 7) }
    #expect(Set(rows) == Set(0..<7))
  }

  @Test func weightedFollowsItsWeights() {
    let sampler = WeightedSampler(weights: [0, 1, 3, 0, 4, 0], drawsPerEpoch: 8000, seed: 4)
    var counts = [Int](repeating: 0, count: 6)
    for index in sampler.indices(epoch: 1, step: 0, batchSize: 8000) { counts[index] += 1 }
    #expect(counts[0] == 0 && counts[3] == 0 && counts[5] == 0)
    // Five standard deviations of a binomial count.
    #expect(abs(counts[1] - 1000) < 150)
    #expect(abs(counts[2] - 3000) < 220)
    #expect(abs(counts[4] - 4000) < 225)
    let equal = WeightedSampler(count: 5, drawsPerEpoch: 12, seed: 4)
    #expect(equal.stepsPerEpoch(batchSize: 4) == 3)
    #expect(equal.indices(epoch: 1, step: 2, batchSize: 4).count == 4)
    #expect(
      equal.indices(epoch: 3, step: 1, batchSize: 4)
        == equal.indices(epoch: 3, step: 1, batchSize: 4))
  }

  @Test func datasetsJoinManifests() throws {
    func manifest(_ name: String, _ images: [String]) throws -> Manifest {
      Manifest(
        name: name, root: URL(filePath: "/\(name)"),
        rows: try images.map {
          try ManifestRow(image: $0, content: .labels(attributes: [], categories: ["a", "b"]))
        })
    }
    let dataset = try PairDataset([
      manifest("one", ["d/1.png", "d/2.png"]), manifest("none", []), manifest("two", ["3.png"]),
    ])
    #expect(dataset.count == 3)
    #expect(dataset.groups == ["d", "d", "two"])
    let samples = (0..<3).map {
      dataset.sample(SampleDraw(position: 10 + $0, index: $0), epoch: 1, seed: 1)
    }
    #expect(samples.map(\.image.path) == ["/one/d/1.png", "/one/d/2.png", "/two/3.png"])
    #expect(samples.map(\.id) == ["d/1.png", "d/2.png", "3.png"])
    // The text depends on seed, epoch and position alone.
    #expect(dataset.sample(SampleDraw(position: 10, index: 0), epoch: 1, seed: 1) == samples[0])
    let texts = (0..<20).map {
      dataset.sample(SampleDraw(position: $0, index: 0), epoch: 1, seed: 1).text.text
    }
    #expect(Set(texts).count == 2)
    #expect(throws: TextFileError.self) { try PairDataset([manifest("none", [])]) }
    #expect(throws: TextFileError.self) { try PairDataset([]) }
  }
}
