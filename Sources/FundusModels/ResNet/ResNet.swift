import FundusTensor

/// A residual network (ResNet) without classifier: images to feature vectors.
///
/// State names are those of torchvision (`conv1.weight`, `bn1.*`, `layer1.0.conv1.weight`, …).
///
/// Any number of threads may use one network for inference at the same time.
public final class ResNet: Layer, Sendable {
  /// The architecture.
  public let configuration: ResNetConfiguration
  /// Uses the running statistics in training as well, and leaves them as they are.
  public var freezesBatchNorm: Bool {
    get { settings.withLock { $0.freezesBatchNorm } }
    set { settings.withLock { $0.freezesBatchNorm = newValue } }
  }
  /// In training, takes the statistics of batch norms over the batches of all these ranks.
  public var statisticsRanks: (any Communicator)? {
    get { settings.withLock { $0.statisticsRanks } }
    set { settings.withLock { $0.statisticsRanks = newValue } }
  }
  /// Computes the stem and each block again in the backward pass instead of keeping their intermediate
  /// results: about a third more time for about a third of the memory.
  public var recomputesBlocks: Bool {
    get { settings.withLock { $0.recomputesBlocks } }
    set { settings.withLock { $0.recomputesBlocks = newValue } }
  }
  /// When set, inference without gradients uses INT8 (``intermediates(of:mode:)`` does not). It is updated
  /// when the weights change.
  public var quantized: QuantizedResNet? {
    get { settings.withLock { $0.quantized } }
    set { settings.withLock { $0.quantized = newValue } }
  }

  private struct Settings {
    var freezesBatchNorm = false
    var statisticsRanks: (any Communicator)?
    var recomputesBlocks = false
    var quantized: QuantizedResNet?
  }
  private let settings = Guarded(Settings())

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
    let settings = settings.withLock { $0 }
    let usesBatch = mode.isTraining && !settings.freezesBatchNorm
    func statistics(isRepeated: Bool) -> BatchStatistics {
      usesBatch ? .batch(updates: !isRepeated, ranks: settings.statisticsRanks) : .running
    }
    func start(_ images: Tensor, isRepeated: Bool) -> Tensor {
      let first = bn1(
        conv1(images, mode: mode), statistics: statistics(isRepeated: isRepeated), relu: true,
        mode: mode)
      return maxPool2d(first, kernel: 3, stride: 2, padding: 1)
    }
    let stem =
      settings.recomputesBlocks
      ? Autograd.recomputing(
        images, parameters: (conv1.parameters + bn1.parameters).map(\.parameter), start)
      : start(images, isRepeated: false)
    var x = stem
    var results: [Tensor] = []
    for blocks in stages {
      for block in blocks {
        if settings.recomputesBlocks {
          x = Autograd.recomputing(x, parameters: block.parameters.map(\.parameter)) {
            block.recorded($0, statistics: statistics(isRepeated: $1), mode: mode)
          }
        } else {
          x = block.recorded(x, statistics: statistics(isRepeated: false), mode: mode)
        }
      }
      results.append(x)
    }
    return Intermediates(stem: stem, stages: results, features: globalAveragePool(x))
  }

  /// The features that follow from the activations after a stage, by the running statistics. They
  /// remember the activations for gradients; parameters count as constants.
  /// - Parameters:
  ///   - stage: the stage, counted from 0
  ///   - activations: `[N, h, w, F]`, as in ``Intermediates/stages``
  /// - Returns: `[N, featureCount]`
  public func features(afterStage stage: Int, _ activations: Tensor) -> Tensor {
    let rest = stages.dropFirst(stage + 1).joined()
    return globalAveragePool(
      rest.reduce(activations) { x, block in
        block.recorded(x, statistics: .running, mode: .inference)
      })
  }

  private func isRecorded(_ images: Tensor) -> Bool {
    Autograd.isRecordingGradients && images.requiresGradient
  }
}
