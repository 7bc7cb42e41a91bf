import Foundation
import FundusTensor
import MMRetinalData
import Testing

@Suite struct HostileImageTests {
  @Test func refusesCutFilesWithOneLineOfReason() {
    for golden in ImageGoldens.shared.cases {
      // The last bytes of some formats are padding or tables that decoding can do without.
      for length in [1, 3, 8, 20, golden.file.count / 3, golden.file.count / 2] {
        let cut = golden.file.prefix(length)
        do {
          _ = try FundusImage(decoding: Data(cut), name: "cut.img")
          Issue.record("\(golden.name) cut to \(length) bytes was accepted")
        } catch {
          #expect(error.description.hasPrefix("cut.img: "), "\(golden.name)")
          #expect(!error.description.contains("\n"))
          #expect(error.description.count > 20)
        }
      }
    }
  }

  @Test func acceptsCutFilesWhenAskedTo() throws {
    let width = 200
    let pixels = (0..<width * 150 * 3).map { UInt8(truncatingIfNeeded: $0 / 600 &* ($0 % 31)) }
    let image = FundusImage(width: width, height: 150, pixels: pixels)
    let ppm = Data("P6 200 150 255\n".utf8) + Data(pixels)
    for (name, file) in [("jpeg", try image.jpegData()), ("png", image.pngData()), ("ppm", ppm)] {
      let cut = Data(file.prefix(file.count * 2 / 3))
      #expect(throws: ImageError.self, "\(name)") { try FundusImage(decoding: cut, name: name) }
      let whole = try FundusImage(decoding: file, name: name)
      let part = try FundusImage(decoding: cut, name: name, options: .tolerant)
      #expect(part.width == width && part.height == 150)
      let kept = width * 3 * 50
      #expect(part.pixels.prefix(kept) == whole.pixels.prefix(kept), "\(name)")
      #expect(part.pixels != whole.pixels)
    }
  }

  @Test func refusesBombsBeforeAllocating() {
    // The sizes in the headers are replaced by huge ones.
    var png = ImageGoldens.file("png rgb 8")
    png.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])
    #expect(throws: ImageError.self) { try FundusImage(decoding: png, name: "bomb.png") }
    var jpeg = ImageGoldens.file("jpeg 4:2:0 q75")
    let frame = jpeg.range(of: Data([0xFF, 0xC0]))!.lowerBound
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(
      throws: ImageError.tooLarge(
        name: "bomb.jpg", width: 65500, height: 65500, limit: 178_956_970)
    ) { try FundusImage(decoding: jpeg, name: "bomb.jpg") }
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x20, 0, 0x20, 0])
    #expect(throws: ImageError.self) { try FundusImage(decoding: jpeg, name: "bomb.jpg") }
    let text = Data("P6 100000 100000 255\n0123456789".utf8)
    #expect(throws: ImageError.self) { try FundusImage(decoding: text, name: "bomb.ppm") }
    var options = DecodingOptions()
    options.pixelLimit = 21 * 14 - 1
    #expect(
      throws: ImageError.tooLarge(name: "small", width: 21, height: 14, limit: 293)
    ) {
      try FundusImage(decoding: ImageGoldens.file("png rgb 8"), name: "small", options: options)
    }
  }

  @Test func survivesMutatedFiles() {
    var random = RandomStream(seed: 3)
    var accepted = 0
    var refused = 0
    for round in 0..<30 {
      for golden in ImageGoldens.shared.cases {
        var bytes = golden.file
        for _ in 0..<1 + random.index(below: 6) {
          bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        }
        if round % 5 == 0 { bytes = Data(bytes.prefix(1 + random.index(below: bytes.count))) }
        var options: DecodingOptions = round % 2 == 0 ? .init() : .tolerant
        options.pixelLimit = 1 << 20
        options.appliesOrientation = true
        do {
          _ = try FundusImage(decoding: bytes, name: "mutant", options: options)
          accepted += 1
        } catch {
          refused += 1
          #expect(error.description.hasPrefix("mutant: "))
          #expect(!error.description.contains("\n"))
        }
      }
    }
    #expect(accepted > 100 && refused > 100)
  }

  @Test func namesWhatItFoundInsteadOfAnImage() {
    let error = #expect(throws: ImageError.self) {
      try FundusImage(decoding: Data("%PDF-1.7".utf8), name: "paper.png")
    }
    #expect(error?.description.contains("expected a JPEG, PNG, TIFF, BMP") == true)
  }
}
