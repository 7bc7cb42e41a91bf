/// The architecture of a residual network (He et al., arXiv 1512.03385; version 1.5, with the stride of a stage
/// in the 3x3 convolution of its first block).
public struct ResNetConfiguration: Sendable, Equatable {
  /// The number of blocks of each of the four stages.
  public var blocks: [Int]
  /// Whether blocks are bottlenecks of three convolutions (1x1, 3x3, 1x1 with four times the channels) instead of
  /// two 3x3 convolutions.
  public var hasBottlenecks: Bool
  /// The number of channels of the stem and the first stage, doubled in each further stage.
  public var width: Int
  /// The number of image channels.
  public var inputChannels: Int

  /// Creates a custom architecture.
  /// - Precondition: four stages of at least one block; positive widths.
  public init(blocks: [Int], hasBottlenecks: Bool, width: Int = 64, inputChannels: Int = 3) {
    precondition(blocks.count == 4 && blocks.allSatisfy { $0 > 0 }, "stages of \(blocks) blocks")
    precondition(width > 0 && inputChannels > 0, "\(width) channels from \(inputChannels)")
    self.blocks = blocks
    self.hasBottlenecks = hasBottlenecks
    self.width = width
    self.inputChannels = inputChannels
  }

  /// 18 layers, 512 features.
  public static let resnet18 = ResNetConfiguration(blocks: [2, 2, 2, 2], hasBottlenecks: false)
  /// 34 layers, 512 features.
  public static let resnet34 = ResNetConfiguration(blocks: [3, 4, 6, 3], hasBottlenecks: false)
  /// 50 layers, 2048 features: the image encoder of KeepFIT and FLAIR.
  public static let resnet50 = ResNetConfiguration(blocks: [3, 4, 6, 3], hasBottlenecks: true)
  /// 101 layers, 2048 features.
  public static let resnet101 = ResNetConfiguration(blocks: [3, 4, 23, 3], hasBottlenecks: true)

  /// The named architectures.
  public static let named: [(name: String, configuration: ResNetConfiguration)] = [
    ("resnet18", resnet18), ("resnet34", resnet34), ("resnet50", resnet50),
    ("resnet101", resnet101),
  ]

  /// `resnet18`, `resnet34`, `resnet50`, `resnet101`; nil for any other name.
  public init?(named name: String) {
    guard let known = Self.named.first(where: { $0.name == name }) else { return nil }
    self = known.configuration
  }

  /// The ratio of a block's output channels to those of its 3x3 convolutions.
  public var expansion: Int { hasBottlenecks ? 4 : 1 }

  /// The dimension of the image features.
  public var featureCount: Int { width * 8 * expansion }
}
