import KeepFIT
import Testing

@Suite struct ExplanationTests {
  /// Grey, with a red square in one corner.
  private func picture(side: Int) -> (picture: Tensor, mask: [Bool]) {
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
    let (picture, mask) = picture(side: 16)
    let query = try Explanation.Query("red", model: model)
    let quick = Explanation.gradientWeighted(picture, query: query, model: model)
    let share = Double(mask.count { $0 }) / Double(mask.count)
    let inside = quick.massInside(mask, height: 16, width: 16)
    #expect(inside > 3 * share, "\(inside) of the mass on \(share) of the picture")
    let peak = try #require(quick.peak)
    #expect(peak.row > 0.5 && peak.column < 0.25)
    let slow = Explanation.occlusion(
      picture, query: query, model: model, grid: 8, batchSize: 5)
    #expect(abs(slow.similarity - quick.similarity) < 1e-5)
    #expect(slow.massInside(mask, height: 16, width: 16) > 2 * share)
    #expect(quick.correlation(with: slow) > 0.5)
    let overlay = quick.overlay(on: picture)
    #expect(overlay.shape == picture.shape)
    #expect(overlay.scalars.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test func gradientEqualsDifferences() throws {
    // The weights of the map are the derivatives of the similarity by the pooled features.
    let model = FakeModel()
    let (picture, _) = picture(side: 8)
    let query = try Explanation.Query("green", against: ["red", "blue"], model: model)
    let texts = try ["green", "red", "blue"].map {
      try model.embeddings(of: [$0]).reshaped([1, -1])
    }
    let batch = picture.reshaped([1, 8, 8, 3])
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
    let map = Explanation.gradientWeighted(picture, query: query, model: model).map
    let expected = largest > 0 ? evidence.map { $0 / largest } : evidence
    #expect(TransferMethodTests.distance(map, expected) < 0.02)
  }
}
