import FundusTensor

/// The activation ranges of the convolutions of a residual network, recorded on images: they determine the
/// quantization steps (see ``QuantizedResNet``).
public struct ActivationRanges: Codable, Sendable, Equatable {
  /// For each block, in order: the maximum of its input and of the input of each further convolution.
  public private(set) var blocks: [[Float]]
  /// The number of images.
  public private(set) var images = 0

  enum CodingKeys: String, CodingKey { case blocks, images }

  /// Creates empty ranges.
  public init(_ network: ResNet) {
    blocks = network.blocks.map { [Float](repeating: 0, count: $0.folded.count) }
  }

  /// Records the ranges on images `[N, H, W, 3]`.
  public mutating func observe(_ images: Tensor, in network: ResNet) {
    precondition(fits(network), "ranges of another network")
    var seen = blocks
    Autograd.withoutGradients {
      var x = network.stem.pooled(images)
      for (index, block) in network.blocks.enumerated() {
        var place = 0
        x = block.infer(x) { input in
          seen[index][place] = max(seen[index][place], input.reshaped([input.count]).maximum().item)
          place += 1
        }
      }
    }
    blocks = seen
    self.images += images.shape[0]
  }

  /// The union of two ranges.
  public func union(_ other: ActivationRanges) -> ActivationRanges {
    var result = self
    result.blocks = zip(blocks, other.blocks).map { zip($0, $1).map(max) }
    result.images += other.images
    return result
  }

  /// Whether they match the architecture of the network.
  public func fits(_ network: ResNet) -> Bool {
    blocks.count == network.blocks.count
      && zip(blocks, network.blocks).allSatisfy { $0.count == $1.folded.count }
  }

  /// Whether images were recorded and all ranges are finite.
  public var isUsable: Bool {
    images > 0 && blocks.allSatisfy { $0.allSatisfy { $0.isFinite && $0 >= 0 } }
  }
}
