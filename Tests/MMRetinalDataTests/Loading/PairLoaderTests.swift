import Foundation
import MMRetinalData
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct PairLoaderTests {
  struct Unreadable: Error, CustomStringConvertible {
    let description: String
  }

  private func dataset(_ count: Int) throws -> PairDataset {
    let rows = try (0..<count).map {
      try ManifestRow(
        image: "d/\($0).png", content: .labels(attributes: [], categories: ["a", "b", "c"]))
    }
    return try PairDataset([Manifest(name: "m", root: URL(filePath: "/r"), rows: rows)])
  }

  /// An image that shows its row and the draw's random number; rows in `bad` cannot be read.
  private func loader(
    rows: Int = 23, batch: Int = 4, threads: Int = 2, bad: Set<Int> = [],
    policy: BadImagePolicy = .fail
  ) throws -> PairLoader {
    var options = PairLoader.Options(batchSize: batch, seed: 11)
    options.threads = threads
    options.onBadImage = policy
    return PairLoader(
      dataset: try dataset(rows), sampler: ShuffledSampler(count: rows, seed: 3), options: options
    ) { sample, place in
      if bad.contains(sample.index) {
        throw Unreadable(description: "\(sample.image.path): broken")
      }
      var random = RandomStream(seed: place.seed).derived(
        UInt64(place.epoch), UInt64(place.step), UInt64(place.position))
      // Later images of a batch are ready first.
      if sample.index % 3 == 0 { Thread.sleep(forTimeInterval: 0.002) }
      return Tensor([Float(sample.index), random.uniform(), 0], shape: [1, 1, 3])
    }
  }

  private func fingerprint(_ batch: LoadedBatch) -> String {
    "\(batch.epoch).\(batch.step) \(batch.images.scalars) \(batch.texts)"
  }

  private func all(_ stream: BatchStream) throws -> [String] {
    var result: [String] = []
    while let batch = try stream.next() { result.append(fingerprint(batch)) }
    return result
  }

  @Test func givesTheSameBatchesOnAnyNumberOfThreads() throws {
    let single = try all(loader(threads: 1).batches(epoch: 1, lastEpoch: 3))
    #expect(single.count == 18)
    #expect(Set(single).count == 18)
    for threads in [2, 5] {
      #expect(try all(loader(threads: threads).batches(epoch: 1, lastEpoch: 3)) == single)
    }
    let direct = try loader()
    let steps = try (1...3).flatMap { epoch in
      try (0..<6).map { fingerprint(try direct.batch(epoch: epoch, step: $0)) }
    }
    #expect(steps == single)
  }

  @Test func startsAnywhere() throws {
    let whole = try all(loader().batches(epoch: 1, lastEpoch: 2))
    #expect(try all(loader().batches(epoch: 1, step: 4, lastEpoch: 2)) == Array(whole[4...]))
    #expect(try all(loader().batches(epoch: 1, step: 7, lastEpoch: 2)) == Array(whole[7...]))
    #expect(try all(loader().batches(epoch: 3, lastEpoch: 2)).isEmpty)
  }

  @Test func shapesAndShortBatches() throws {
    let stream = try loader().batches(epoch: 1, lastEpoch: 1)
    var counts: [Int] = []
    while let batch = try stream.next() {
      #expect(batch.images.shape == [batch.count, 1, 1, 3])
      #expect(batch.categories.allSatisfy { ["a", "b", "c"].contains($0) })
      #expect(batch.ids.count == batch.positions.count)
      counts.append(batch.count)
    }
    #expect(counts == [4, 4, 4, 4, 4, 3])
    #expect(stream.secondsWaited >= 0)
  }

  @Test func errorsNameTheFileAndComeInOrder() throws {
    let clean = try all(loader().batches(epoch: 1, lastEpoch: 1))
    let bad = try loader().sampler.indices(epoch: 1, step: 2, batchSize: 4)
    for threads in [1, 3] {
      let stream = try loader(threads: threads, bad: [bad[1], bad[3]]).batches(epoch: 1)
      #expect(fingerprint(try #require(try stream.next())) == clean[0])
      #expect(fingerprint(try #require(try stream.next())) == clean[1])
      #expect {
        try stream.next()
      } throws: {
        "\($0)" == "/r/d/\(bad[1]).png: broken"
      }
      #expect(try stream.next() == nil)
    }
  }

  @Test func skippingReplacesCountsAndLists() throws {
    let stream = try loader(threads: 3, bad: [4, 5, 9], policy: .skip).batches(
      epoch: 1, lastEpoch: 2)
    var seen: [Int] = []
    while let batch = try stream.next() { seen += batch.samples.map(\.index) }
    #expect(seen.count == 46)
    #expect(Set(seen).isDisjoint(with: [4, 5, 9]))
    #expect(stream.skipped.map(\.id) == ["d/4.png", "d/5.png", "d/9.png"])
    #expect(stream.skipped[0].reason == "/r/d/4.png: broken")
    // Each of the three once an epoch, and row 5 again in the place of row 4.
    #expect(stream.skippedCount == 8)
    let other = try loader(threads: 1, bad: [4, 5, 9], policy: .skip).batches(
      epoch: 1, lastEpoch: 2)
    var again: [Int] = []
    while let batch = try other.next() { again += batch.samples.map(\.index) }
    #expect(again == seen)
  }

  @Test func givesUpWhenNothingCanBeRead() throws {
    let stream = try loader(bad: Set(0..<23), policy: .skip).batches(epoch: 1)
    #expect(throws: LoadingError.self) { try stream.next() }
  }

  @Test func refusesImagesOfDifferentSizes() throws {
    let loader = PairLoader(
      dataset: try dataset(4), sampler: SequentialSampler(count: 4, drawsPerEpoch: 4),
      options: PairLoader.Options(batchSize: 4)
    ) { sample, _ in Tensor(zeros: [1 + sample.index / 2, 1, 3]) }
    #expect {
      try loader.batches(epoch: 1).next()
    } throws: {
      "\($0)".contains("d/2.png")
    }
  }

  @Test func loadsNoFurtherThanAllowedAndStops() throws {
    let loaded = Mutex(0)
    var options = PairLoader.Options(batchSize: 2, seed: 1)
    options.prefetch = 3
    let loader = PairLoader(
      dataset: try dataset(10), sampler: ShuffledSampler(count: 10, seed: 1), options: options
    ) { _, _ in
      loaded.withLock { $0 += 1 }
      return Tensor(zeros: [1, 1, 3])
    }
    let stream = loader.batches(epoch: 1)
    _ = try stream.next()
    Thread.sleep(forTimeInterval: 0.1)
    #expect(loaded.withLock { $0 } == 8)
    stream.cancel()
    #expect(try stream.next() == nil)
    // A stream that nobody holds ends as well, in the middle of its work.
    for _ in 0..<20 { _ = try loader.batches(epoch: 1).next() }
  }
}
