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
      // Resized pictures are what training expects.
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
}
