import FundusTensor

/// A residual network whose convolutions multiply bytes: post-training quantization with one step for
/// each activation and one for each output of the weights (Jacob et al., arXiv 1712.05877).
///
/// The stem and, where asked for, the first blocks stay in floats: rounding there goes through all that
/// follows. Activations between blocks are bytes as well, which costs no accuracy that can be measured
/// and saves most of the memory traffic.
public final class QuantizedResNet: Sendable {
  /// Bytes of activations that a group of images may take at the widest place of a stage.
  private static let groupBytes = 4 << 20

  private struct Block: Sendable {
    let convolutions: [QuantizedConvolution]
    let downsample: QuantizedConvolution?
    /// Zeros that each convolution needs around its input.
    let margins: [Int]
  }

  /// How many blocks work with floats before the first one that works with bytes.
  public let floatBlocks: Int
  private let stem: FoldedConvolution
  private let firstBlocks: [ResidualBlock]
  private let expansion: Int
  private let steps: [[Float]]
  private let layers: [(folded: [FoldedConvolution], downsample: FoldedConvolution?)]
  private let sources: [any Versioned]
  private let derived = Derived<[Block]>()
  private let firstStep: Float

  /// Quantizes the weights of `network`, now and again whenever they have changed. The steps of the
  /// activations stay, so weights that give much larger activations need a new calibration.
  ///
  /// - `ranges`: what calibration has shown
  /// - `floatBlocks`: blocks that stay in floats, less than all
  /// - Precondition: the ranges fit the network and are usable, and channels come in fours.
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

  /// The blocks with the network's present weights.
  private func currentBlocks() -> [Block] {
    derived.value(of: sources) { (floatBlocks..<layers.count).map(quantizedBlock) }
  }

  private func quantizedBlock(_ index: Int) -> Block {
    let layer = layers[index]
    // Nil for the last: its result is read as floats.
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

  /// The features of images `[N, H, W, 3]`, `[N, featureCount]`; without history.
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
