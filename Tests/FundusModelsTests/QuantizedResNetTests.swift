import FundusModels
import FundusTensor
import Testing

@Suite struct QuantizedResNetTests {
  private static func cosines(_ a: Tensor, _ b: Tensor) -> [Float] {
    (a.l2Normalized() * b.l2Normalized()).sum(axis: 1).scalars
  }

  private func example(bottlenecks: Bool) -> (network: ResNet, images: Tensor) {
    let random = Initialization.random(RandomStream(seed: 9))
    let network = ResNet(
      ResNetConfiguration(blocks: [1, 2, 1, 1], hasBottlenecks: bottlenecks, width: 16),
      initialization: random.derived("net"))
    return (network, random.derived("x").uniform([3, 40, 56, 3], bound: 0.5) + 0.5)
  }

  @Test(arguments: [true, false]) func bytesComeNearFloats(bottlenecks: Bool) throws {
    let (network, images) = example(bottlenecks: bottlenecks)
    let exact = Autograd.withoutGradients { network(images, mode: .inference) }
    var ranges = ActivationRanges(network)
    #expect(!ranges.isUsable)
    ranges.observe(images, in: network)
    #expect(ranges.isUsable && ranges.images == 3 && ranges.fits(network))
    for floatBlocks in [0, 2, 4] {
      let quantized = QuantizedResNet(network, ranges: ranges, floatBlocks: floatBlocks)
      let rough = quantized(images)
      #expect(rough.shape == exact.shape)
      #expect(Self.cosines(rough, exact).allSatisfy { $0 > 0.998 })
      // Images do not depend on their neighbors.
      #expect(quantized(images.sliced(1..<2)).scalars == rough.sliced(1..<2).scalars)
    }
    network.quantized = QuantizedResNet(network, ranges: ranges)
    let used = Autograd.withoutGradients { network(images, mode: .inference) }
    #expect(used.scalars != exact.scalars)
    let recorded = network(Parameter(images).tensor, mode: .inference)
    #expect(Self.cosines(recorded, exact).allSatisfy { $0 > 0.99999 }, "with history, floats")
  }

  /// Quantized weights follow those of the network, whoever changes them.
  @Test(arguments: ["value", "optimizer", "entry", "statistics"])
  func bytesFollowTheWeights(change: String) {
    let (network, images) = example(bottlenecks: false)
    var ranges = ActivationRanges(network)
    ranges.observe(images, in: network)
    let quantized = QuantizedResNet(network, ranges: ranges, floatBlocks: 1)
    let before = quantized(images).scalars
    switch change {
    case "value":
      for (_, parameter) in network.parameters { parameter.value = parameter.value * 0.9 }
    case "optimizer":
      for (_, parameter) in network.parameters {
        parameter.gradient = Tensor(repeating: 1, shape: parameter.value.shape)
      }
      AdamW(network.parameters).step(learningRate: 1e-2)
    case "entry":
      for entry in network.stateEntries() { entry.load(entry.exported * 0.95) }
    default:
      for case let buffer? in network.stateEntries().map(\.buffer) {
        buffer.value = buffer.value * 1.1
      }
    }
    let after = quantized(images).scalars
    #expect(after != before)
    #expect(after == QuantizedResNet(network, ranges: ranges, floatBlocks: 1)(images).scalars)
  }
}
