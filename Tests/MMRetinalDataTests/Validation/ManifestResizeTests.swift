import Foundation
import MMRetinalData
import Testing

@Suite struct ManifestResizeTests {
  let directory = try! TemporaryDirectory()

  @Test func resizesKeepsAndLists() throws {
    for (index, size) in [(40, 20), (16, 16), (10, 30)].enumerated() {
      let pixels = (0..<size.0 * size.1 * 3).map { UInt8(truncatingIfNeeded: $0 * 7) }
      try directory.write(
        FundusImage(width: size.0, height: size.1, pixels: pixels).pngData(),
        to: "in/d/\(index).png")
    }
    let root = directory.url.appending(path: "in"), target = directory.url.appending(path: "out")
    let rows = try ["d/0.png", "d/1.png", "d/1.png", "d/2.png", "d/absent.png"].map {
      try ManifestRow(image: $0, content: .captions([.english: "x"]))
    }
    let manifest = Manifest(name: "m", root: root, rows: rows)
    var job = ManifestResize(OfflineResize(imageSize: 16))
    let first = try job.run([manifest], to: target)
    #expect(first.written == 3 && first.kept == 0 && first.failures.count == 1)
    #expect(first.failures[0].contains("absent.png"))
    for index in 0..<3 {
      let file = target.appending(path: "d/\(index).png")
      let image = try FundusImage(contentsOf: file)
      #expect(image.width == 16 && image.height == 16)
      // Resized images are what training expects.
      _ = try Preprocessing.training.with(imageSize: 16).prepare(contentsOf: file)
    }
    try FileManager.default.removeItem(at: target.appending(path: "d/1.png"))
    try directory.write("mine", to: "out/d/0.png")
    let second = try job.run([manifest], to: target)
    #expect(second.written == 1 && second.kept == 2)
    #expect(try Data(contentsOf: target.appending(path: "d/0.png")) == Data("mine".utf8))
    job.force = true
    #expect(try job.run([manifest], to: target).written == 3)
    #expect(throws: ImageError.self) { try job.run([manifest], to: root) }
  }

  private func manifest(_ root: String, value: UInt8) throws -> Manifest {
    let pixels = [UInt8](repeating: value, count: 24 * 24 * 3)
    try directory.write(
      FundusImage(width: 24, height: 24, pixels: pixels).pngData(), to: "\(root)/images/1.png")
    return Manifest(
      name: root, root: directory.url.appending(path: root),
      rows: [try ManifestRow(image: "images/1.png", content: .captions([.english: "x"]))])
  }

  @Test func refusesRootsThatShareAPath() throws {
    let both = [try manifest("a", value: 1), try manifest("b", value: 2)]
    let target = directory.url.appending(path: "shared")
    let error = #expect(throws: ImageError.self) {
      try ManifestResize(OfflineResize(imageSize: 16)).run(both, to: target)
    }
    #expect(error?.description.contains("images/1.png") == true)
    #expect(!FileManager.default.fileExists(atPath: target.path))
    // The same files under two manifests are no collision.
    let twice = try ManifestResize(OfflineResize(imageSize: 16)).run(
      [both[0], both[0]], to: target)
    #expect(twice.written == 1)
  }

  @Test func neverKeepsImagesOfOtherSettings() throws {
    let source = try manifest("c", value: 3)
    let target = directory.url.appending(path: "sizes")
    let file = target.appending(path: "images/1.png")
    var job = ManifestResize(OfflineResize(imageSize: 16))
    #expect(try job.run([source], to: target).written == 1)
    job.resize = OfflineResize(imageSize: 12)
    let error = #expect(throws: ImageError.self) { try job.run([source], to: target) }
    #expect(error?.description.contains("--size 16 before, 12 now") == true)
    #expect(try FundusImage(contentsOf: file).width == 16)
    // A forced run that was killed after its record: the next one makes the rest again.
    job.force = true
    #expect(try job.run([], to: target).written == 0)
    job.force = false
    #expect(try job.run([source], to: target).written == 1)
    #expect(try FundusImage(contentsOf: file).width == 12)
    #expect(try job.run([source], to: target).kept == 1)
  }

  @Test func twoRunsDoNotWriteToOneDirectory() throws {
    let source = try manifest("e", value: 5)
    let target = directory.url.appending(path: "shared")
    var job = ManifestResize(OfflineResize(imageSize: 16))
    #expect(try job.run([source], to: target).written == 1)
    job = ManifestResize(OfflineResize(imageSize: 12))
    job.force = true
    let lock = try DirectoryLock(target)
    #expect(throws: DirectoryLock.Held.self) { try job.run([source], to: target) }
    #expect(try FundusImage(contentsOf: target.appending(path: "images/1.png")).width == 16)
    withExtendedLifetime(lock) {}
  }

  @Test func refusesFilesThatNoRecordExplains() throws {
    let source = try manifest("d", value: 4)
    try directory.write("mine", to: "unknown/images/1.png")
    let target = directory.url.appending(path: "unknown")
    var job = ManifestResize(OfflineResize(imageSize: 16))
    #expect(throws: ImageError.self) { try job.run([source], to: target) }
    job.force = true
    #expect(try job.run([source], to: target).written == 1)
  }
}
