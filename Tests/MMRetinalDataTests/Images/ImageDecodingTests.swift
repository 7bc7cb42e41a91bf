import Foundation
import MMRetinalData
import Testing

@Suite struct ImageDecodingTests {
  @Test func decodesEveryKindOfFileToThePixelsOfPillow() throws {
    #expect(ImageGoldens.shared.cases.count > 90)
    for golden in ImageGoldens.shared.cases {
      let image: FundusImage
      do {
        image = try FundusImage(decoding: golden.file, name: golden.name)
      } catch {
        Issue.record("\(error)")
        continue
      }
      #expect(image.width == golden.width && image.height == golden.height, "\(golden.name)")
      let difference = zip(image.pixels, golden.rgb).map { abs(Int($0) - Int($1)) }.max() ?? -1
      #expect(
        image.pixels == Array(golden.rgb), "\(golden.name): differs by up to \(difference)")
    }
  }

  @Test func turnsImagesUprightOnlyWhenAsked() throws {
    var options = DecodingOptions()
    options.appliesOrientation = true
    var count = 0
    for golden in ImageGoldens.shared.cases {
      guard let upright = golden.upright else { continue }
      let image = try FundusImage(decoding: golden.file, name: golden.name, options: options)
      #expect(image.width == upright.width && image.height == upright.height, "\(golden.name)")
      #expect(image.pixels == Array(upright.rgb), "\(golden.name)")
      count += 1
    }
    #expect(count == 9)
  }

  @Test func encodesJPEGLikePillow() throws {
    let golden = ImageGoldens.shared.encoded
    let image = FundusImage(
      width: golden.width, height: golden.height, pixels: Array(golden.pixels))
    let decoded = try FundusImage(decoding: try image.jpegData(), name: "encoded")
    #expect(decoded.pixels == Array(golden.decoded))
  }

  @Test func writesAndReadsBackPNG() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "image-tests-\(UInt64.random(in: .min ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let golden = ImageGoldens.shared.encoded
    let image = FundusImage(
      width: golden.width, height: golden.height, pixels: Array(golden.pixels))
    let file = directory.appendingPathComponent("a.jpg")
    try image.writePNG(to: file)
    #expect(try FundusImage(contentsOf: file) == image)
    #expect(throws: ImageError.exists(name: file.path)) { try image.writePNG(to: file) }
    try image.writePNG(to: file, compression: 1, force: true)
    #expect(try FundusImage(contentsOf: file) == image)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.jpg"])
    #expect(throws: ImageError.self) {
      try image.writeJPEG(to: directory.appendingPathComponent("absent/b.jpg"))
    }
    #expect(throws: ImageError.unreadable(name: directory.path, reason: "it is a directory")) {
      try FundusImage(contentsOf: directory)
    }
    let absent = directory.appendingPathComponent("c.png")
    #expect(throws: ImageError.unreadable(name: absent.path, reason: "no such file")) {
      try FundusImage(contentsOf: absent)
    }
    let empty = directory.appendingPathComponent("d.png")
    try Data().write(to: empty)
    #expect(throws: ImageError.empty(name: empty.path)) { try FundusImage(contentsOf: empty) }
  }

  @Test func keepsWhatTheFileHolds() throws {
    let palette = try StoredImage(decoding: ImageGoldens.file("png palette 2"), name: "palette")
    #expect(palette.kind == .palette && palette.largest == 3 && palette.channels == 1)
    let deep = try StoredImage(decoding: ImageGoldens.file("png gray 16"), name: "deep")
    guard case .words(let words) = deep.samples else {
      Issue.record("expected 16-bit samples")
      return
    }
    #expect(words.max()! > 255)
    let scaled = deep.rgb(deepGray: .scaled)
    #expect(Int(scaled.pixels[0]) == (Int(words[0]) * 2 * 255 + 65535) / (2 * 65535))
    let ink = try StoredImage(decoding: ImageGoldens.file("jpeg cmyk"), name: "ink")
    #expect(ink.kind == .cmyk && ink.channels == 4)
  }

  @Test func reducesJPEG() throws {
    var options = DecodingOptions()
    for reduction in [2, 4, 8] {
      options.jpegReduction = reduction
      let image = try FundusImage(
        decoding: ImageGoldens.file("jpeg 17x33"), name: "reduced", options: options)
      #expect(image.width == (17 + reduction - 1) / reduction)
      #expect(image.height == (33 + reduction - 1) / reduction)
    }
  }
}
