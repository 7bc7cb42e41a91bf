/// The shape of a residual network (He et al., arXiv 1512.03385; version 1.5: the stride of a stage
/// lies in the 3x3 convolution of its first block).
public struct ResNetConfiguration: Sendable, Equatable {
  /// Blocks of each of the four stages.
  public var blocks: [Int]
  /// Three convolutions a block (1x1, 3x3, 1x1 with four times the channels) or two of 3x3.
  public var hasBottlenecks: Bool
  /// Channels of the stem and of the first stage; they double with each stage.
  public var width: Int
  /// Channels of an image.
  public var inputChannels: Int

  /// A network of any size.
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

  /// The configurations that have a name.
  public static let named: [(name: String, configuration: ResNetConfiguration)] = [
    ("resnet18", resnet18), ("resnet34", resnet34), ("resnet50", resnet50),
    ("resnet101", resnet101),
  ]

  /// `resnet18`, `resnet34`, `resnet50`, `resnet101`; nil for any other name.
  public init?(named name: String) {
    guard let known = Self.named.first(where: { $0.name == name }) else { return nil }
    self = known.configuration
  }

  /// Channels of a block's result over those of its 3x3 convolutions.
  public var expansion: Int { hasBottlenecks ? 4 : 1 }

  /// Length of the feature vector of an image.
  public var featureCount: Int { width * 8 * expansion }
}
