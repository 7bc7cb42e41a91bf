import Foundation
import MMRetinalData
import Testing

@Suite struct PictureCacheTests {
  let directory = try! TemporaryDirectory()

  private func picture(_ seed: UInt64) -> FundusImage {
    var random = RandomStream(seed: seed)
    return FundusImage(
      width: 13, height: 7, pixels: (0..<13 * 7 * 3).map { _ in UInt8(random.index(below: 256)) })
  }

  private func entries(_ cache: PictureCache) -> [URL] {
    let files = FileManager.default.enumerator(at: cache.directory, includingPropertiesForKeys: nil)
    return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "picture" }
  }

  @Test func keepsPictures() throws {
    let cache = try PictureCache(directory: directory.url.appending(path: "cache"))
    let file = try directory.write("source", to: "a.png")
    for _ in 0..<3 {
      let found = try cache.picture(of: file, preparation: "p") { picture(1) }
      #expect(found == picture(1))
    }
    #expect(cache.statistics.hits == 2)
    #expect(cache.statistics.misses == 1)
    // Another cache object, as another process has it, finds the entry.
    let other = try PictureCache(directory: cache.directory)
    #expect(try other.picture(of: file, preparation: "p") { picture(2) } == picture(1))
    // Another preparation, and a changed file, do not.
    #expect(try other.picture(of: file, preparation: "q") { picture(2) } == picture(2))
    try directory.write("changed source", to: "a.png")
    #expect(try other.picture(of: file, preparation: "p") { picture(3) } == picture(3))
    #expect(other.statistics.hits == 1)
    #expect(entries(cache).count == 3)
  }

  @Test func rebuildsDamagedEntries() throws {
    let cache = try PictureCache(directory: directory.url.appending(path: "cache"))
    let file = try directory.write("source", to: "a.png")
    _ = try cache.picture(of: file, preparation: "p") { picture(1) }
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
        try cache.picture(of: file, preparation: "p") { picture(1) } == picture(1), "\(number)")
      #expect(try Data(contentsOf: entry) == whole, "\(number)")
    }
    #expect(cache.statistics.damaged == broken.count)
  }

  @Test func aCacheThatCannotBeWrittenIsCounted() throws {
    let cache = try PictureCache(directory: directory.url.appending(path: "cache"))
    try FileManager.default.removeItem(at: cache.directory)
    try directory.write("in the way", to: "cache")
    let file = try directory.write("source", to: "a.png")
    #expect(try cache.picture(of: file, preparation: "p") { picture(1) } == picture(1))
    #expect(cache.statistics.unwritten == 1)
    #expect(cache.statistics.firstFailure != nil)
    #expect(throws: ImageError.self) {
      try PictureCache(directory: directory.url.appending(path: "a.png"))
    }
  }

  @Test func errorsOfThePreparationPass() throws {
    struct Broken: Error {}
    let cache = try PictureCache(directory: directory.url.appending(path: "cache"))
    let file = try directory.write("source", to: "a.png")
    #expect(throws: Broken.self) {
      try cache.picture(of: file, preparation: "p") { throw Broken() }
    }
    #expect(entries(cache).isEmpty)
  }
}
