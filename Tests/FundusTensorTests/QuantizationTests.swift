import FundusTensor
import Testing

/// Byte convolutions against the same sums in Swift, on every kind of kernel.
@Suite(.serialized) struct QuantizationTests {
  /// What a layer looks like.
  struct Layer: Sendable, CustomStringConvertible {
    var side: Int, stride: Int, channels: Int, outputs: Int
    var items = 2, height = 9, width = 7
    var description: String { "\(side)x\(side)/\(stride) \(channels) -> \(outputs)" }
  }

  static let layers = [
    Layer(side: 1, stride: 1, channels: 8, outputs: 32),
    Layer(side: 1, stride: 2, channels: 16, outputs: 20),
    Layer(side: 3, stride: 1, channels: 12, outputs: 36),
    Layer(side: 3, stride: 2, channels: 4, outputs: 64),
    Layer(side: 3, stride: 1, channels: 16, outputs: 4, items: 1, height: 1, width: 1),
  ]

  /// Values whose bytes are exact, and weights whose steps are 1: the reference needs no rounding rule.
  private static func example(_ layer: Layer) -> (x: Tensor, weight: Tensor, bias: Tensor) {
    let random = Initialization.random(RandomStream(seed: 5).derived("\(layer)"))
    func whole(_ name: String, _ shape: [Int], _ low: Float, _ high: Float) -> Tensor {
      let values = random.derived(name).uniform(shape, bound: 1).scalars
      return Tensor(values.map { (low + ($0 + 1) / 2 * (high - low)).rounded() }, shape: shape)
    }
    let shape = [layer.side, layer.side, layer.channels, layer.outputs]
    var weights = whole("w", shape, -127, 127).scalars
    for o in 0..<layer.outputs { weights[o] = 127 }
    return (
      whole("x", [layer.items, layer.height, layer.width, layer.channels], 0, 255),
      Tensor(weights, shape: shape), whole("b", [layer.outputs], -900, 900)
    )
  }

  @Test(arguments: layers, [0, 1, 2])
  func sumsAreExact(layer: Layer, level: Int) {
    let (x, weight, bias) = Self.example(layer)
    let padding = layer.side / 2
    // Sums stay below 2^24 here, so floats hold them exactly.
    let expected = conv2d(
      x, weight: weight, bias: bias, stride: layer.stride, padding: padding)
    let convolution = QuantizedConvolution(
      weight: weight, bias: bias, stride: layer.stride, inputStep: 1, unit: 1)
    let images = QuantizedImages(x, step: 1).withMargin(padding)
    BLAS.withKernelLevel(level) {
      #expect(convolution.floats(images).scalars == expected.scalars)
      let bytes = expected.scalars.map { min(255, max(0, $0)) }
      let residual = QuantizedImages(Tensor(bytes, shape: expected.shape), step: 1)
      #expect(
        convolution.floats(images, residual: .bytes(residual), relu: true).scalars
          == zip(expected.scalars, bytes).map { max(0, $0 + $1) })
      #expect(
        convolution.floats(images, residual: .floats(expected)).scalars
          == expected.scalars.map { 2 * $0 })
    }
  }

  @Test(arguments: layers)
  func bytesAreWhatFloatsRoundTo(layer: Layer) {
    let (x, weight, bias) = Self.example(layer)
    let unit: Float = 512
    let one = QuantizedConvolution(
      weight: weight, bias: bias, stride: layer.stride, inputStep: 1, unit: unit)
    let two = QuantizedConvolution(
      weight: Tensor(
        [Float](repeating: 1, count: 4 * layer.outputs), shape: [1, 1, layer.outputs, 4]),
      bias: Tensor(zeros: [4]), stride: 1,
      inputStep: unit, unit: unit)
    let images = QuantizedImages(x, step: 1).withMargin(layer.side / 2)
    let floats = one.floats(images, relu: true)
    let rounded = Tensor(
      floats.scalars.map { min(255, $0.rounded(.toNearestOrEven)) }, shape: floats.shape)
    // The second convolution adds the channels up.
    let sums = two.floats(one.bytes(images))
    let expected = rounded.sum(axis: 3).scalars
    #expect(stride(from: 0, to: sums.count, by: 4).map { sums.scalars[$0] } == expected)
  }
}
