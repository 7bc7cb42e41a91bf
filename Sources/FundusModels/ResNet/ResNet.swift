import FundusTensor

/// A residual network (ResNet) without classifier: images to feature vectors.
///
/// State names are those of torchvision (`conv1.weight`, `bn1.*`, `layer1.0.conv1.weight`, …).
public final class ResNet: Layer {
  /// The architecture.
  public let configuration: ResNetConfiguration
  /// Whether batch norm uses its running statistics in training as well, and does not update them.
  public var freezesBatchNorm = false
  /// In training, synchronizes batch norm statistics over these ranks.
  public var statisticsRanks: (any Communicator)?
  /// Whether the stem and blocks are recomputed in the backward pass instead of stored (activation
  /// checkpointing): about a third more time for about a third of the memory.
  public var recomputesBlocks = false

  /// If set, inference without gradients uses INT8 (``intermediates(of:mode:)`` does not). It follows changes of
  /// the weights.
  public var quantized: QuantizedResNet?

  let conv1: Conv2d
  let bn1: BatchNorm2d
  /// The four stages.
  public let stages: [[ResidualBlock]]
  let stem: FoldedConvolution

  /// Creates a network with initialized weights (convolutions as in torchvision: normal, fan-out).
  public init(_ configuration: ResNetConfiguration, initialization: Initialization) {
    self.configuration = configuration
    let width = configuration.width
    conv1 = Conv2d(
      inputs: configuration.inputChannels, outputs: width, kernel: 7, stride: 2, padding: 3,
      bias: false, distribution: .normalFanOut,
      initialization: initialization.derived("conv1"))
    bn1 = BatchNorm2d(channels: width, initialization: initialization.derived("bn1"))
    stem = FoldedConvolution(conv1, bn1)
    var inputs = width
    stages = configuration.blocks.enumerated().map { stage, count in
      let width = width << stage
      return (0..<count).map { index in
        let block = ResidualBlock(
          inputs: inputs, width: width, hasBottleneck: configuration.hasBottlenecks,
          stride: stage > 0 && index == 0 ? 2 : 1,
          initialization: initialization.derived("layer\(stage + 1).\(index)"))
        inputs = width * configuration.expansion
        return block
      }
    }
  }

  /// Registers the state with torchvision's names.
  public func visit(_ state: inout StateVisitor) {
    state.child("conv1", conv1)
    state.child("bn1", bn1)
    for (stage, blocks) in stages.enumerated() {
      for (index, block) in blocks.enumerated() {
        state.child("layer\(stage + 1).\(index)", block)
      }
    }
  }

  /// The features of images.
  ///
  /// In inference parameters are constants, and a faster path is used unless the images require a gradient: batch
  /// norms are folded into the convolutions, image by image.
  ///
  /// - Parameters:
  ///   - images: `[N, H, W, 3]`
  ///   - mode: training or inference, which selects the statistics of batch norm
  /// - Returns: `[N, featureCount]`, the global average pooling of the last stage
  public func callAsFunction(_ images: Tensor, mode: ExecutionMode) -> Tensor {
    if let quantized, !mode.isTraining, !isRecorded(images) { return quantized(images) }
    return intermediates(of: images, mode: mode).features
  }

  /// All blocks in order.
  var blocks: [ResidualBlock] { stages.flatMap { $0 } }

  /// The outputs of all stages.
  public struct Intermediates {
    /// The output of the stem: 7x7 convolution, batch norm, ReLU, max pooling. `[N, H/4, W/4, width]`
    public let stem: Tensor
    /// The outputs of the four stages.
    public let stages: [Tensor]
    /// The global average pooling of the last stage. `[N, featureCount]`
    public let features: Tensor
  }

  /// The intermediate results of ``callAsFunction(_:mode:)``.
  public func intermediates(of images: Tensor, mode: ExecutionMode) -> Intermediates {
    precondition(
      images.rank == 4 && images.shape[3] == configuration.inputChannels,
      "images are [N, H, W, \(configuration.inputChannels)], not \(images.shape)")
    if !mode.isTraining, !isRecorded(images) { return inferred(images) }
    let usesBatch = mode.isTraining && !freezesBatchNorm
    func statistics(isRepeated: Bool) -> BatchStatistics {
      usesBatch ? .batch(updates: !isRepeated, ranks: statisticsRanks) : .running
    }
    func start(_ images: Tensor, isRepeated: Bool) -> Tensor {
      let first = bn1(conv1(images), statistics: statistics(isRepeated: isRepeated), relu: true)
      return maxPool2d(first, kernel: 3, stride: 2, padding: 1)
    }
    let stem =
      recomputesBlocks
      ? Autograd.recomputing(
        images, parameters: (conv1.parameters + bn1.parameters).map(\.parameter), start)
      : start(images, isRepeated: false)
    var x = stem
    var results: [Tensor] = []
    for blocks in stages {
      for block in blocks {
        if recomputesBlocks {
          x = Autograd.recomputing(x, parameters: block.parameters.map(\.parameter)) {
            block.recorded($0, statistics: statistics(isRepeated: $1))
          }
        } else {
          x = block.recorded(x, statistics: statistics(isRepeated: false))
        }
      }
      results.append(x)
    }
    return Intermediates(stem: stem, stages: results, features: globalAveragePool(x))
  }

  /// The features computed from the activations after a stage, with running statistics; differentiable.
  /// - Parameters:
  ///   - stage: the stage, counted from 0
  ///   - activations: `[N, h, w, F]`, as in ``Intermediates/stages``
  /// - Returns: `[N, featureCount]`
  public func features(afterStage stage: Int, _ activations: Tensor) -> Tensor {
    let rest = stages.dropFirst(stage + 1).joined()
    return globalAveragePool(
      rest.reduce(activations) { x, block in block.recorded(x, statistics: .running) })
  }

  private func isRecorded(_ images: Tensor) -> Bool {
    Autograd.isRecordingGradients && images.requiresGradient
  }
}
