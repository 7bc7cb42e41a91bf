import Foundation
import MMRetinalData
import Testing

private typealias Goldens = PreprocessingGoldens

@Suite struct PreprocessingTests {
  @Test func preparesFilesLikeTheReleasedPipelines() throws {
    for golden in Goldens.shared.cases {
      var preprocessing = Preprocessing(antialias: golden.antialias)
      preprocessing.imageSize = golden.imageSize
      preprocessing.precision = .double
      preprocessing.color = golden.asStored ? .asStored : .rgb
      let result = try preprocessing.prepare(decoding: golden.file, name: golden.name)
      #expect(result.shape == [golden.imageSize, golden.imageSize, 3])
      // 16-bit gray reaches 257, where a float resolves 3e-5.
      let limit: Float = golden.name == "stored gray 16" ? 1e-4 : 1e-6
      let difference = Goldens.difference(result.scalars, Goldens.floats(golden.result))
      #expect(difference <= limit, "\(golden.name): \(difference)")
    }
  }

  @Test func resizesFilesAheadLikeTheReleasedScript() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "resize-tests-\(UInt64.random(in: .min ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let source = directory.appendingPathComponent("source")
    var compared = 0
    for golden in Goldens.shared.cases where golden.antialias && !golden.asStored {
      try golden.file.write(to: source)
      let resizer = OfflineResize(imageSize: golden.imageSize)
      for (name, isExact) in [("a.png", true), ("a.tif", true), ("a.ppm", true), ("a.jpg", false)] {
        let target = directory.appendingPathComponent(name)
        try resizer.resize(from: source, to: target, force: true)
        let pixels = try FundusImage(contentsOf: target).pixels
        let expected = Array(golden.truncated!)
        #expect(pixels.count == expected.count)
        // Where the exact value is a whole level, its own rounding decides what is cut off.
        for (index, level) in Goldens.floats(golden.result).map({ $0 * 255 }).enumerated() {
          let isWhole = abs(level - level.rounded()) <= 1e-3
          let step = abs(Int(pixels[index]) - Int(expected[index]))
          if isExact && step > (isWhole ? 1 : 0) {
            Issue.record("\(golden.name), \(name): \(pixels[index]) for \(level)")
            break
          }
        }
        compared += 1
      }
      #expect(throws: ImageError.self) {
        try resizer.resize(from: source, to: directory.appendingPathComponent("a.png"))
      }
      #expect(throws: ImageError.self) {
        try resizer.resize(from: source, to: directory.appendingPathComponent("a.bmp"))
      }
    }
    #expect(compared == 24)
  }

  @Test func findsTheForegroundLikeScikitImage() throws {
    for golden in Goldens.shared.crops {
      let image = FundusImage(
        width: golden.width, height: golden.height, pixels: Array(golden.pixels))
      let box = image.foregroundBox()
      #expect(
        box.map {
          [$0.rows.lowerBound, $0.columns.lowerBound, $0.rows.upperBound, $0.columns.upperBound]
        }
          == golden.box)
      var histogram = [Int](repeating: 0, count: 256)
      for index in stride(from: 0, to: image.pixels.count, by: 3) {
        histogram[Int(image.pixels[index])] += 1
      }
      #expect(abs(LiThreshold.threshold(histogram: histogram) - golden.threshold) <= 1e-9)
      let cropped = image.croppedToForeground()
      #expect(cropped.height == golden.box.map { $0[2] - $0[0] } ?? golden.height)
    }
  }

  @Test func keepsAspectByTheExactRule() throws {
    let target = try Preprocessing.flair.targetSize(height: 2848, width: 4288)
    #expect(target == (340, 512))
    for (height, width) in [(1, 1), (511, 512), (1000, 1), (513, 2), (4000, 3999), (512, 1024)] {
      let longer = max(height, width)
      if 512 * min(height, width) < longer {
        #expect(throws: ImageError.self) {
          try Preprocessing.flair.targetSize(height: height, width: width)
        }
      } else {
        let size = try Preprocessing.flair.targetSize(height: height, width: width)
        #expect(size == (512 * height / longer, 512 * width / longer))
      }
    }
  }

  @Test func preparesNumbersWithANamedRange() throws {
    let image = try FundusImage(decoding: Goldens.shared.cases[0].file, name: "a")
    let bytes = Tensor(image.pixels.map(Float.init), shape: [image.height, image.width, 3])
    let preprocessing = Preprocessing.flair.with(imageSize: 16)
    let expected = try preprocessing.prepare(image).scalars
    let a = try preprocessing.prepare(bytes, range: .bytes).scalars
    let b = try preprocessing.prepare(image.tensor, range: .unit).scalars
    #expect(Goldens.difference(a, expected) <= 1e-6 && Goldens.difference(b, expected) <= 1e-6)
    #expect(throws: ImageError.self) {
      try preprocessing.prepare(Tensor(zeros: [4, 4, 1]), range: .unit)
    }
  }

  @Test func makesBatchesAndNamesTheFirstFileThatFails() throws {
    let images = try Goldens.shared.cases.prefix(5).map {
      try FundusImage(decoding: $0.file, name: $0.name)
    }
    let preprocessing = Preprocessing.published.with(imageSize: 16)
    let batch = try preprocessing.prepare(images)
    #expect(batch.shape == [5, 16, 16, 3])
    let last = try preprocessing.prepare(images[4]).scalars
    #expect(Array(batch.scalars.suffix(16 * 16 * 3)) == last)
    let absent = ["b.png", "c.png"].map { URL(fileURLWithPath: "/nonexistent/\($0)") }
    #expect(throws: ImageError.unreadable(name: "/nonexistent/b.png", reason: "no such file")) {
      try preprocessing.prepare(contentsOf: absent)
    }
    var strict = Preprocessing.training
    strict.imageSize = 40
    #expect(throws: ImageError.self) { try strict.prepare(images[0], name: "wide") }
  }

  @Test func travelsThroughJSON() throws {
    for var value in Preprocessing.named {
      value.imageSize = 384
      value.crop = .foreground
      value.decoding.deepGray = .scaled
      let data = try JSONEncoder().encode(value)
      #expect(try JSONDecoder().decode(Preprocessing.self, from: data) == value)
    }
    #expect(try JSONDecoder().decode(Preprocessing.self, from: Data("\"flair\"".utf8)) == .flair)
    let older = try JSONDecoder().decode(
      Preprocessing.self, from: Data(#"{"name": "flair", "crops_foreground": true}"#.utf8))
    #expect(older.crop == .foreground)
    let partial = try JSONDecoder().decode(
      Preprocessing.self, from: Data(#"{"name": "published", "image_size": 224}"#.utf8))
    #expect(partial == Preprocessing.published.with(imageSize: 224))
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Preprocessing.self, from: Data("\"fliar\"".utf8))
    }
  }

  @Test func reducedJPEGStaysWithinItsTolerance() throws {
    // A smooth ground with a fine grid: what a reduced decode could get wrong.
    let (height, width) = (600, 900)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let ground = 110 + 70 * sin(Double(x) / 60) * cos(Double(y) / 45)
        let line = x % 37 < 3 || y % 41 < 3 ? -40.0 : 0
        pixels += [UInt8(ground + 30 + line), UInt8(ground + line), UInt8(ground / 2)]
      }
    }
    let data = try FundusImage(width: width, height: height, pixels: pixels).jpegData(quality: 92)
    var preprocessing = Preprocessing.flair.with(imageSize: 128)
    let full = try preprocessing.prepare(decoding: data, name: "full").scalars
    preprocessing.reducesJPEG = true
    #expect(preprocessing.reduction(height: height, width: width) == 4)
    let reduced = try preprocessing.prepare(decoding: data, name: "reduced").scalars
    let difference = Goldens.difference(full, reduced)
    let tolerance = Preprocessing.reductionTolerance
    #expect(difference > 0 && difference <= tolerance.largest, "\(difference)")
    let mean = zip(full, reduced).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(full.count)
    #expect(mean <= tolerance.mean, "\(mean)")
    // Where every pixel counts, nothing is reduced.
    preprocessing.antialias = false
    #expect(!preprocessing.canReduceJPEG)
    #expect(preprocessing.reduction(height: height, width: width) == 1)
  }
}
