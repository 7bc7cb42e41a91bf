import Foundation
import Testing

import KeepFIT

@Suite struct ExplanationTests {
  /// Gray, with a red square in one corner.
  private func image(side: Int) -> (image: Tensor, mask: [Bool]) {
    var pixels: [Float] = []
    var mask: [Bool] = []
    for y in 0..<side {
      for x in 0..<side {
        let isInside = y >= side / 2 && x < side / 4
        mask.append(isInside)
        pixels += isInside ? [0.9, 0.1, 0.1] : [0.1, 0.1, 0.9]
      }
    }
    return (Tensor(pixels, shape: [side, side, 3]), mask)
  }

  @Test func findsWhatTheTextNames() throws {
    let model = FakeModel()
    let (image, mask) = image(side: 16)
    let query = try Explanation.Query("red", model: model)
    let quick = try Explanation.gradientWeighted(image, query: query, model: model)
    let share = Double(mask.count { $0 }) / Double(mask.count)
    let inside = quick.massInside(mask, height: 16, width: 16)
    #expect(inside > 3 * share, "\(inside) of the mass on \(share) of the image")
    let peak = try #require(quick.peak)
    #expect(peak.row > 0.5 && peak.column < 0.25)
    let slow = try Explanation.occlusion(
      image, query: query, model: model, grid: 8, batchSize: 5)
    #expect(abs(try #require(slow.similarity) - #require(quick.similarity)) < 1e-5)
    #expect(abs(slow.score - quick.score) < 1e-5)
    #expect(slow.massInside(mask, height: 16, width: 16) > 2 * share)
    #expect(quick.correlation(with: slow) > 0.5)
  }

  @Test func gradientEqualsDifferences() throws {
    // The weights of the map are the derivatives of the similarity by the pooled features.
    let model = FakeModel()
    let (image, _) = image(side: 8)
    let query = try Explanation.Query("green", against: ["red", "blue"], model: model)
    let texts = try ["green", "red", "blue"].map {
      try model.embeddings(of: [$0]).reshaped([1, -1])
    }
    let batch = image.reshaped([1, 8, 8, 3])
    let features = model.features(of: batch)
    func similarity(_ x: Tensor) -> Float {
      let cosines = texts.map { (model.projected(x) * $0).sum().item }
      return cosines[0] - (cosines[1] + cosines[2]) / 2
    }
    let slopes = (0..<6).map { index in
      var shift = [Float](repeating: 0, count: 6)
      shift[index] = 1e-3
      let step = Tensor(shift, shape: [1, 6])
      return (similarity(features + step) - similarity(features - step)) / 2e-3
    }
    let stage = model.stages(of: batch)[0].scalars
    let evidence = (0..<64).map { cell in
      max(0, (0..<6).reduce(Float(0)) { $0 + stage[cell * 6 + $1] * slopes[$1] })
    }
    let largest = evidence.max()!
    let map = try Explanation.gradientWeighted(image, query: query, model: model).map
    let expected = largest > 0 ? evidence.map { $0 / largest } : evidence
    #expect(TransferMethodTests.distance(map, expected) < 0.02)
  }

  @Test func paddingHasNoEvidence() throws {
    // The lower half is padding of the very color that the text names.
    let model = FakeModel()
    let side = 16
    var pixels: [Float] = []
    for y in 0..<side {
      for x in 0..<side {
        pixels += y >= side / 2 ? [0.9, 0.1, 0.1] : x < 4 ? [0.6, 0.2, 0.2] : [0.1, 0.1, 0.9]
      }
    }
    let image = Tensor(pixels, shape: [side, side, 3])
    let content = Explanation.Content(height: 0.5, width: 1)
    let query = try Explanation.Query("red", against: ["blue"], model: model)
    let unaware = try Explanation.gradientWeighted(image, query: query, model: model)
    #expect(try #require(unaware.peak).row > 0.5)
    let maps = [
      try Explanation.gradientWeighted(image, content: content, query: query, model: model),
      try Explanation.occlusion(image, content: content, query: query, model: model, grid: 8),
    ]
    for map in maps {
      #expect(map.map.suffix(map.map.count / 2).allSatisfy { $0 == 0 }, "\(map.method)")
      let peak = try #require(map.peak)
      #expect(peak.row < 0.5 && peak.column < 0.25, "\(map.method)")
      #expect(map.map.max() == 1 && map.maximum > 0)
      // Over the photograph alone the strongest place is where it was.
      let shown = map.overPhotograph(height: 80, width: 160)
      let best = try #require(shown.indices.max { shown[$0] < shown[$1] })
      #expect(best % 160 < 40)
      #expect(shown[79 * 160 + 5] > 0, "padding bleeds into the last row")
    }
    #expect(maps[0].paddingShare > 0.3 && unaware.paddingShare == 0)
  }

  @Test func aFigureKeepsThePhotographsResolution() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("explanation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("wide.png")
    var bytes: [UInt8] = []
    for _ in 0..<200 { for x in 0..<500 { bytes += x < 100 ? [230, 25, 25] : [25, 25, 230] } }
    try FundusImage(width: 500, height: 200, pixels: bytes).writePNG(to: file)
    let photograph = try Photograph(
      contentsOf: file, preprocessing: Preprocessing.transfer.with(imageSize: 32))
    #expect(photograph.content == Explanation.Content(height: 12.0 / 32, width: 1))
    let model = FakeModel()
    let map = try Explanation.gradientWeighted(
      photograph.pixels, content: photograph.content,
      query: Explanation.Query("red", against: ["blue"], model: model), model: model)
    let raw = map.raw(over: photograph)
    #expect(raw.shape == [200, 500])
    #expect(abs(try #require(raw.scalars.max()) - map.maximum) < 1e-6 * map.maximum)
    let overlay = map.overlay(on: photograph)
    #expect(overlay.width == 500 && overlay.height == 200)
    #expect(overlay.pixels != photograph.image.pixels)
    // On a scale far above the map nothing is bright, and the photograph is merely faded.
    let dim = map.overlay(on: photograph, top: map.maximum * 1e6)
    #expect(dim.pixels[0] < 200 && overlay.pixels[0] != dim.pixels[0])
    let figure = map.figure(on: photograph)
    #expect(figure.width == 500 && figure.height > 240)
    #expect(Array(figure.pixels.prefix(500 * 200 * 3)) == overlay.pixels)
  }

  @Test func aModelThatIsNotFiniteIsAnError() throws {
    for value in [Float.nan, .infinity, 3e38] {
      let model = FakeModel()
      let broken = FakeModel()
      var weights = broken.weight.value.scalars
      weights[4] = value
      broken.weight.value = Tensor(weights, shape: [6, 3])
      let (image, _) = image(side: 8)
      let query = try Explanation.Query("red", model: model)
      #expect(throws: TransferError.self) {
        try Explanation.gradientWeighted(image, query: query, model: broken)
      }
      #expect(throws: TransferError.self) {
        try Explanation.occlusion(image, query: query, model: broken, grid: 2)
      }
    }
    #expect(FundusImage(Tensor([.nan, .infinity, -1], shape: [1, 1, 3])).pixels == [0, 255, 0])
  }

  @Test func everyLetterHasItsOwnShape() {
    let letters = (33...126).map { Character(UnicodeScalar($0)) }
    #expect(Set(letters.map(BitmapFont.rows)).count == letters.count)
    #expect(letters.allSatisfy { BitmapFont.rows(of: $0).count == 7 })
    #expect(BitmapFont.wrap("a bcd efghij", letters: 5) == ["a bcd", "efghi", "j"])
  }
}
