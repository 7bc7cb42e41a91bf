import Foundation
import FundusTensor
import TestSupport
import Testing

/// What `Scripts/goldens/resampling.py` wrote.
private struct ResamplingGoldens: Decodable {
  struct Resize: Decodable {
    let shape: [Int]
    let height: Int
    let width: Int
    let antialias: Bool
    let input: Data
    let output: Data
    let outputGradient: Data
    let inputGradient: Data
  }

  struct Sample: Decodable {
    let alignCorners: Bool
    let border: SamplingBorder
    let input: Data
    let theta: Data
    let grid: Data
    let output: Data
    let outputGradient: Data
    let inputGradient: Data
    let thetaGradient: Data
  }

  let resizes: [Resize]
  let samples: [Sample]

  static func load() throws -> ResamplingGoldens {
    let url = Bundle.module.url(forResource: "Goldens/resampling", withExtension: "json")!
    return try JSONDecoder().decode(ResamplingGoldens.self, from: Data(contentsOf: url))
  }
}

private func floats(_ data: Data) -> [Float] {
  stride(from: 0, to: data.count, by: 4).map { at in
    Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[at + $1]) << UInt32(8 * $1) })
  }
}

/// The largest difference; infinite where the sizes differ or something is not a number.
private func difference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  var largest: Float = 0
  for (x, y) in zip(a, b) {
    let distance = abs(x - y)
    if !(distance <= largest) { largest = distance.isNaN ? .infinity : distance }
  }
  return largest
}

@Suite struct ResamplingTests {
  @Test func resizesLikeTorchForwardAndBackward() throws {
    for golden in try ResamplingGoldens.load().resizes {
      let parameter = Parameter(Tensor(floats(golden.input), shape: golden.shape))
      let result = parameter.tensor.resized(
        height: golden.height, width: golden.width, antialias: golden.antialias)
      let name = "\(golden.shape) to \(golden.height) x \(golden.width), \(golden.antialias)"
      #expect(difference(result.scalars, floats(golden.output)) <= 1e-6, "\(name)")
      result.backward(gradient: Tensor(floats(golden.outputGradient), shape: result.shape))
      // Gradients of a shrinking axis are small, of a growing one sums of several.
      #expect(
        difference(parameter.gradient!.scalars, floats(golden.inputGradient)) <= 1e-5, "\(name)")
    }
  }

  @Test func resizesBytesLikeFloats() throws {
    for golden in try ResamplingGoldens.load().resizes where golden.shape[0] == 1 {
      let bytes = floats(golden.input).map { UInt8(($0 * 255).rounded()) }
      let (height, width, channels) = (golden.shape[1], golden.shape[2], golden.shape[3])
      let fit = ImageFit(
        height: golden.height, width: golden.width, paddedHeight: golden.height + 2,
        paddedWidth: golden.width + 3, antialias: golden.antialias)
      let result = Tensor(shape: [1, golden.height + 2, golden.width + 3, channels]) { span in
        for index in span.indices { span[index] = .nan }
        fit.resize(bytes, height: height, width: width, channels: channels, into: &span)
      }
      let expected = Tensor(
        floats(golden.output), shape: [1, golden.height, golden.width, channels]
      ).padded(bottom: 2, right: 3)
      #expect(difference(result.scalars, expected.scalars) <= 1e-6)
    }
  }

  @Test func givesTheSameBitsOnAnyNumberOfThreads() throws {
    var random = RandomStream(seed: 5)
    let image = Tensor((0..<3 * 61 * 47).map { _ in random.uniform() }, shape: [1, 61, 47, 3])
    var results: [[Float]] = []
    for threads in [1, 2, 4] {
      results.append(
        try withThreads(threads) {
          image.resized(height: 33, width: 20, antialias: true).scalars
        })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func aReducedImageKeepsTheMeansOfAFullOne() {
    // An image whose pixels are constant in blocks of 4 x 4 loses nothing when it is reduced.
    var random = RandomStream(seed: 9)
    let (height, width) = (42, 58)
    let small = (0..<11 * 15 * 3).map { _ in UInt8(random.index(below: 256)) }
    var full: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 { full.append(small[((y / 4) * 15 + x / 4) * 3 + c]) }
      }
    }
    let fit = ImageFit(
      height: 7, width: 9, paddedHeight: 7, paddedWidth: 9, antialias: true)
    let a = Tensor(shape: [7, 9, 3]) { span in
      fit.resize(full, height: height, width: width, channels: 3, into: &span)
    }
    let b = Tensor(shape: [7, 9, 3]) { span in
      fit.resize(small, height: height, width: width, channels: 3, reduction: 4, into: &span)
    }
    #expect(difference(a.scalars, b.scalars) <= 1e-6)
  }

  @Test func samplesGridsLikeTorchForwardAndBackward() throws {
    for golden in try ResamplingGoldens.load().samples {
      let image = Parameter(Tensor(floats(golden.input), shape: [2, 6, 9, 3]))
      let maps = Parameter(Tensor(floats(golden.theta), shape: [2, 2, 3]))
      let grid = maps.tensor.affineGrid(height: 5, width: 7, alignCorners: golden.alignCorners)
      let result = image.tensor.gridSampled(
        at: grid, alignCorners: golden.alignCorners, border: golden.border)
      let name = "align corners \(golden.alignCorners), \(golden.border)"
      #expect(difference(grid.scalars, floats(golden.grid)) <= 1e-6, "\(name)")
      #expect(difference(result.scalars, floats(golden.output)) <= 1e-5, "\(name)")
      result.backward(gradient: Tensor(floats(golden.outputGradient), shape: result.shape))
      // Sums over 35 points of values near 1, scaled by half the size of the image.
      #expect(
        difference(image.gradient!.scalars, floats(golden.inputGradient)) <= 1e-5, "\(name)")
      #expect(
        difference(maps.gradient!.scalars, floats(golden.thetaGradient)) <= 1e-4, "\(name)")
    }
  }

  @Test func padsAndCropsWithGradients() {
    let parameter = Parameter(Tensor((0..<12).map(Float.init), shape: [1, 2, 3, 2]))
    let padded = parameter.tensor.padded(top: 1, bottom: 2, left: 3, right: 1, value: 7)
    #expect(padded.shape == [1, 5, 7, 2])
    #expect(padded[0, 0, 0, 0] == 7 && padded[0, 1, 3, 0] == 0 && padded[0, 2, 5, 1] == 11)
    let cut = padded.croppedWindow(rows: 1..<3, columns: 4..<7)
    #expect(cut.scalars == [2, 3, 4, 5, 7, 7, 8, 9, 10, 11, 7, 7])
    cut.backward(gradient: Tensor((1...12).map(Float.init), shape: cut.shape))
    #expect(parameter.gradient!.scalars == [0, 0, 1, 2, 3, 4, 0, 0, 7, 8, 9, 10])
  }
}
