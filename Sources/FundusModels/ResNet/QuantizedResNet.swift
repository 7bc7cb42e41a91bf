import FundusTensor

/// A residual network with INT8 convolutions: post-training quantization with one step per activation tensor and
/// one per output channel of the weights (Jacob et al., arXiv 1712.05877).
///
/// The stem and, optionally, the first blocks stay in FP32, since rounding errors there propagate through all
/// later layers. Activations between blocks are INT8 as well, which does not measurably reduce accuracy and
/// saves most of the memory traffic.
public final class QuantizedResNet: Sendable {
  /// The maximum size in bytes of the activations of a group of images in a stage.
  private static let groupBytes = 4 << 20

  private struct Block: Sendable {
    let convolutions: [QuantizedConvolution]
    let downsample: QuantizedConvolution?
    /// The zero padding of each convolution.
    let margins: [Int]
  }

  /// The number of FP32 blocks before the first INT8 block.
  public let floatBlocks: Int
  private let stem: FoldedConvolution
  private let firstBlocks: [ResidualBlock]
  private let expansion: Int
  private let steps: [[Float]]
  private let layers: [(folded: [FoldedConvolution], downsample: FoldedConvolution?)]
  private let sources: [any Versioned]
  private let derived = Derived<[Block]>()
  private let firstStep: Float

  /// Quantizes the weights of `network`, and again whenever they change. The quantization steps of activations
  /// are fixed, so weights with much larger activations need a new calibration.
  ///
  /// - `ranges`: the calibrated activation ranges
  /// - `floatBlocks`: the number of blocks that stay in FP32, less than all
  /// - Precondition: the ranges match the network and are usable, and channels are multiples of four.
  public init(_ network: ResNet, ranges: ActivationRanges, floatBlocks: Int = 0) {
    precondition(ranges.fits(network) && ranges.isUsable, "ranges of another network")
    precondition((0..<network.blocks.count).contains(floatBlocks), "\(floatBlocks) float blocks")
    stem = network.stem
    firstBlocks = Array(network.blocks.prefix(floatBlocks))
    expansion = network.configuration.expansion
    self.floatBlocks = floatBlocks
    steps = ranges.blocks.map { $0.map { $0 > 0 ? $0 / 255 : 1 } }
    firstStep = steps[floatBlocks][0]
    layers = network.blocks.map { ($0.folded, $0.foldedDownsample) }
    sources = layers.dropFirst(floatBlocks).flatMap { layer in
      layer.folded.flatMap(\.sources) + (layer.downsample?.sources ?? [])
    }
  }

  /// The blocks with the current weights of the network.
  private func currentBlocks() -> [Block] {
    derived.value(of: sources) { (floatBlocks..<layers.count).map(quantizedBlock) }
  }

  private func quantizedBlock(_ index: Int) -> Block {
    let layer = layers[index]
    // Nil for the last one, whose output is FP32.
    let next = index + 1 < steps.count ? steps[index + 1][0] : nil
    let units = steps[index].dropFirst() + [next ?? 1]
    func quantized(_ layer: FoldedConvolution, _ step: Float, _ unit: Float)
      -> QuantizedConvolution
    {
      let (weight, bias) = layer.folded()
      return QuantizedConvolution(
        weight: weight, bias: bias, stride: layer.stride, inputStep: step, unit: unit)
    }
    return Block(
      convolutions: zip(layer.folded, zip(steps[index], units)).map { quantized($0, $1.0, $1.1) },
      downsample: layer.downsample.map { quantized($0, steps[index][0], next ?? 1) },
      margins: layer.folded.map(\.padding))
  }

  /// The features of images `[N, H, W, 3]`, `[N, featureCount]`; without gradients.
  public func callAsFunction(_ images: Tensor) -> Tensor {
    Autograd.withoutGradients {
      let blocks = currentBlocks()
      var x = stem.pooled(images)
      for block in firstBlocks { x = block.infer(x) }
      let widest = x.count / max(1, x.shape[0]) * expansion
      let group = max(1, Self.groupBytes / max(1, widest))
      let results = stride(from: 0, to: images.shape[0], by: group).map { first in
        features(x.sliced(first..<min(first + group, images.shape[0])), blocks)
      }
      return results.count == 1 ? results[0] : Tensor.concatenated(results)
    }
  }

  private func features(_ input: Tensor, _ blocks: [Block]) -> Tensor {
    var x = QuantizedImages(input, step: firstStep)
    for block in blocks.dropLast() {
      let y = inner(block, x)
      x = block.convolutions[block.convolutions.count - 1].bytes(y, residual: shortcut(block, x))
    }
    let last = blocks[blocks.count - 1]
    let y = inner(last, x)
    return globalAveragePool(
      last.convolutions[last.convolutions.count - 1].floats(
        y, residual: shortcut(last, x), relu: true))
  }

  /// All but the last convolution.
  private func inner(_ block: Block, _ x: QuantizedImages) -> QuantizedImages {
    var y = block.margins[0] == 0 ? x : x.withMargin(block.margins[0])
    for (convolution, margin) in zip(block.convolutions, block.margins.dropFirst()) {
      y = convolution.bytes(y, margin: margin)
    }
    return y
  }

  private func shortcut(_ block: Block, _ x: QuantizedImages) -> QuantizedConvolution.Residual {
    block.downsample.map { .floats($0.floats(x)) } ?? .bytes(x)
  }
}
