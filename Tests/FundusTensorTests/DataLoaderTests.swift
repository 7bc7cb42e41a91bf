import FundusTensor
import Testing

@Suite struct DataLoaderTests {
  private struct Broken: Error, Equatable { let index: Int }

  private func loaded(
    threads: Int, epoch: Int = 0, startingAt batch: Int = 0, dropsLast: Bool = false
  ) throws -> [[Float]] {
    let loader = DataLoader(
      count: 23, batchSize: 5, shuffle: RandomStream(seed: 9), dropsLast: dropsLast,
      threads: threads, prefetch: 3
    ) { index, random in
      var random = random
      return Float(index) + random.uniform() / 2
    }
    let batches = loader.batches(epoch: epoch, startingAt: batch)
    var result: [[Float]] = []
    while let batch = try batches.next() { result.append(batch) }
    return result
  }

  @Test func theOrderDoesNotDependOnThreads() throws {
    let expected = try loaded(threads: 1)
    #expect(expected.map(\.count) == [5, 5, 5, 5, 3])
    #expect(Set(expected.joined().map { Int($0) }) == Set(0..<23))
    for threads in [2, 3, 7] { #expect(try loaded(threads: threads) == expected) }
    #expect(try loaded(threads: 2, epoch: 1) != expected)
    #expect(try loaded(threads: 2, startingAt: 3) == Array(expected[3...]))
    #expect(try loaded(threads: 2, startingAt: 5).isEmpty)
    #expect(try loaded(threads: 2, dropsLast: true) == Array(expected[..<4]))
  }

  @Test func theFirstErrorInOrderEndsTheLoader() throws {
    let loader = DataLoader(count: 12, batchSize: 4, threads: 3) { index, _ in
      if index == 6 || index == 7 { throw Broken(index: index) }
      return index
    }
    let batches = loader.batches()
    #expect(try batches.next() == [0, 1, 2, 3])
    #expect(throws: Broken(index: 6)) { try batches.next() }
    #expect(try batches.next() == nil)
  }

  @Test func abandonedLoadersEndTheirThreads() throws {
    let loader = DataLoader(count: 1000, batchSize: 2) { index, _ in index }
    let batches = loader.batches()
    _ = try batches.next()
    batches.cancel()
    #expect(try batches.next() == nil)
    let none = DataLoader(count: 0, batchSize: 2) { index, _ in index }
    #expect(try none.batches().next() == nil)
  }
}
