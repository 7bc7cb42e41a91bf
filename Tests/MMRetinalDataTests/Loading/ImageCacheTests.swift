import Foundation
import MMRetinalData
import Testing

@Suite struct ImageCacheTests {
  let directory = try! TemporaryDirectory()

  private func image(_ seed: UInt64) -> FundusImage {
    var random = RandomStream(seed: seed)
    return FundusImage(
      width: 13, height: 7, pixels: (0..<13 * 7 * 3).map { _ in UInt8(random.index(below: 256)) })
  }

  private func entries(_ cache: ImageCache) -> [URL] {
    let files = FileManager.default.enumerator(at: cache.directory, includingPropertiesForKeys: nil)
    return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "image" }
  }

  @Test func keepsImages() throws {
    let cache = try ImageCache(directory: directory.url.appending(path: "cache"))
    let file = try directory.write("source", to: "a.png")
    for _ in 0..<3 {
      let found = try cache.image(of: file, preparation: "p") { image(1) }
      #expect(found == image(1))
    }
    #expect(cache.statistics.hits == 2)
    #expect(cache.statistics.misses == 1)
    // Another cache object, as another process has it, finds the entry.
    let other = try ImageCache(directory: cache.directory)
    #expect(try other.image(of: file, preparation: "p") { image(2) } == image(1))
    // Another preparation, and a changed file, do not.
    #expect(try other.image(of: file, preparation: "q") { image(2) } == image(2))
    try directory.write("changed source", to: "a.png")
    #expect(try other.image(of: file, preparation: "p") { image(3) } == image(3))
    #expect(other.statistics.hits == 1)
    #expect(entries(cache).count == 3)
  }

  @Test func rebuildsDamagedEntries() throws {
    let cache = try ImageCache(directory: directory.url.appending(path: "cache"))
    let file = try directory.write("source", to: "a.png")
    _ = try cache.image(of: file, preparation: "p") { image(1) }
    let entry = try #require(entries(cache).first)
    let whole = try Data(contentsOf: entry)
    var broken: [Data] = [Data(), whole.prefix(10), whole.dropLast(), whole + Data([0])]
    // Any single changed byte is noticed.
    for position in stride(from: 0, to: whole.count, by: 7) {
      var data = whole
      data[position] ^= 0x10
      broken.append(data)
    }
    for (number, data) in broken.enumerated() {
      try data.write(to: entry)
      #expect(
        try cache.image(of: file, preparation: "p") { image(1) } == image(1), "\(number)")
      #expect(try Data(contentsOf: entry) == whole, "\(number)")
    }
    #expect(cache.statistics.damaged == broken.count)
  }

  @Test func aCacheThatCannotBeWrittenIsCounted() throws {
    let cache = try ImageCache(directory: directory.url.appending(path: "cache"))
    try FileManager.default.removeItem(at: cache.directory)
    try directory.write("in the way", to: "cache")
    let file = try directory.write("source", to: "a.png")
    #expect(try cache.image(of: file, preparation: "p") { image(1) } == image(1))
    #expect(cache.statistics.unwritten == 1)
    #expect(cache.statistics.firstFailure != nil)
    #expect(throws: ImageError.self) {
      try ImageCache(directory: directory.url.appending(path: "a.png"))
    }
  }

  @Test func errorsOfThePreparationPass() throws {
    struct Broken: Error {}
    let cache = try ImageCache(directory: directory.url.appending(path: "cache"))
    let file = try directory.write("source", to: "a.png")
    #expect(throws: Broken.self) {
      try cache.image(of: file, preparation: "p") { throw Broken() }
    }
    #expect(entries(cache).isEmpty)
  }
}
