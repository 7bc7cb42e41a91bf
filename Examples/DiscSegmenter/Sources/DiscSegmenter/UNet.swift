import FundusTensor

/// A small U-Net (Ronneberger et al., arXiv 1505.04597): images `[N, H, W, 3]` to logits
/// `[N, H, W, 1]`, for sides that are multiples of 8.
final class UNet: Layer {
  let down: [Sequential]
  let bottom: Sequential
  let enlarge: [ConvTranspose2d]
  let up: [Sequential]
  let head: Conv2d
  let pool = MaxPool2d(kernel: 2)

  init(channels: [Int] = [8, 16, 32, 32]) {
    let levels = channels.count - 1
    down = (0..<levels).map { Self.block($0 == 0 ? 3 : channels[$0 - 1], channels[$0]) }
    bottom = Self.block(channels[levels - 1], channels[levels])
    enlarge = (0..<levels).reversed().map {
      ConvTranspose2d(inputs: channels[$0 + 1], outputs: channels[$0], kernel: 2, stride: 2)
    }
    up = (0..<levels).reversed().map { Self.block(2 * channels[$0], channels[$0]) }
    head = Conv2d(inputs: channels[0], outputs: 1, kernel: 1)
  }

  static func block(_ inputs: Int, _ outputs: Int) -> Sequential {
    Sequential {
      Conv2d(inputs: inputs, outputs: outputs, kernel: 3, padding: 1, bias: false)
      BatchNorm2d(channels: outputs)
      ReLU()
    }
  }

  func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    var x = x
    var skipped: [Tensor] = []
    for block in down {
      skipped.append(block(x, mode: mode))
      x = pool(skipped[skipped.count - 1])
    }
    x = bottom(x, mode: mode)
    for (enlarge, block) in zip(enlarge, up) {
      x = Tensor.concatenated([enlarge(x, mode: mode), skipped.removeLast()], axis: -1)
      x = block(x, mode: mode)
    }
    return head(x, mode: mode)
  }
}
