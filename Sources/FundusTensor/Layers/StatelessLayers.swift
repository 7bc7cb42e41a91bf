/// max(x, 0), see ``Tensor/relu()``.
public final class ReLU: StatelessLayer, Sendable {
  /// Creates the layer.
  public init() {}
  /// Applies the layer to a tensor of any shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.relu() }
}

/// x Φ(x) with the error function (arXiv 1606.08415), see ``Tensor/gelu()``.
public final class GELU: StatelessLayer, Sendable {
  /// Creates the layer.
  public init() {}
  /// Applies the layer to a tensor of any shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.gelu() }
}

/// x σ(x) (arXiv 1702.03118), see ``Tensor/silu()``.
public final class SiLU: StatelessLayer, Sendable {
  /// Creates the layer.
  public init() {}
  /// Applies the layer to a tensor of any shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.silu() }
}

/// 1 / (1 + exp(-x)), see ``Tensor/sigmoid()``.
public final class Sigmoid: StatelessLayer, Sendable {
  /// Creates the layer.
  public init() {}
  /// Applies the layer to a tensor of any shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.sigmoid() }
}

/// The hyperbolic tangent, see ``Tensor/tanh()``.
public final class Tanh: StatelessLayer, Sendable {
  /// Creates the layer.
  public init() {}
  /// Applies the layer to a tensor of any shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.tanh() }
}

/// exp(x) / Σ exp(x) along an axis, see ``Tensor/softmax(axis:)``.
public final class Softmax: StatelessLayer, Sendable {
  /// The axis, counted from the end if negative.
  public let axis: Int
  /// Creates the layer.
  public init(axis: Int = -1) { self.axis = axis }
  /// Applies the layer to a tensor of any shape with this axis.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.softmax(axis: axis) }
}

/// All axes but the first as one, `[N, H, W, C]` to `[N, H W C]`.
///
/// PyTorch's `nn.Flatten` sees `[N, C, H, W]`: the columns of a subsequent linear layer are in another order.
public final class Flatten: StatelessLayer, Sendable {
  /// Creates the layer.
  public init() {}
  /// Applies the layer to a tensor of at least two axes.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.flattened() }
}

/// Zeroes elements at random in training and scales the others up (Srivastava et al., JMLR 15, 2014), see
/// ``Tensor/dropout(_:_:)``; the identity in inference.
public final class Dropout: Layer, Sendable {
  /// The dropout probability, in `0..<1`.
  public let rate: Float

  /// Creates a dropout layer.
  public init(_ rate: Float = 0.5) {
    precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate) is outside of 0..<1")
    self.rate = rate
  }

  /// Applies the layer to a tensor of any shape.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    guard case .training(let stream) = mode else { return x }
    return x.dropout(rate, stream)
  }
}

/// The maximum over square windows, see ``maxPool2d(_:kernel:stride:padding:)``.
public final class MaxPool2d: StatelessLayer, Sendable {
  /// Side, distance and margin of the windows, in pixels.
  public let kernel, stride, padding: Int

  /// Adjacent windows without overlap unless a stride is given.
  public init(kernel: Int, stride: Int? = nil, padding: Int = 0) {
    (self.kernel, self.stride, self.padding) = (kernel, stride ?? kernel, padding)
  }

  /// `[N, H, W, C]` to `[N, H', W', C]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    maxPool2d(x, kernel: kernel, stride: stride, padding: padding)
  }
}

/// The mean over square windows, see ``averagePool2d(_:kernel:stride:padding:countsPadding:)``.
public final class AveragePool2d: StatelessLayer, Sendable {
  /// Side, distance and margin of the windows, in pixels.
  public let kernel, stride, padding: Int

  /// Adjacent windows without overlap unless a stride is given.
  public init(kernel: Int, stride: Int? = nil, padding: Int = 0) {
    (self.kernel, self.stride, self.padding) = (kernel, stride ?? kernel, padding)
  }

  /// `[N, H, W, C]` to `[N, H', W', C]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    averagePool2d(x, kernel: kernel, stride: stride, padding: padding)
  }
}

/// The mean over a number of windows, see ``adaptiveAveragePool2d(_:height:width:)``.
public final class AdaptiveAveragePool2d: StatelessLayer, Sendable {
  /// The size of the result, in pixels.
  public let height, width: Int

  /// Results of that size.
  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

  /// `[N, H, W, C]` to `[N, height, width, C]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    adaptiveAveragePool2d(x, height: height, width: width)
  }
}

/// The mean over all pixels, `[N, H, W, C]` to `[N, C]`, see ``globalAveragePool(_:)``.
public final class GlobalAveragePool: StatelessLayer, Sendable {
  /// Creates the layer.
  public init() {}
  /// `[N, H, W, C]` to `[N, C]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { globalAveragePool(x) }
}

/// Upsampling by an integer factor, PyTorch's `nn.Upsample` with `align_corners` off.
public final class Upsample: StatelessLayer, Sendable {
  /// The interpolation.
  public enum Interpolation: Sendable {
    /// Each is that of the source which it falls into.
    case nearest
    /// Each is a blend of the nearest along each axis.
    case bilinear
  }

  /// The scale factor of rows and columns.
  public let factor: Int
  /// The interpolation.
  public let interpolation: Interpolation

  /// - Precondition: the factor is positive.
  public init(factor: Int = 2, interpolation: Interpolation = .nearest) {
    precondition(factor > 0, "a factor of \(factor)")
    (self.factor, self.interpolation) = (factor, interpolation)
  }

  /// `[N, H, W, C]` to `[N, factor H, factor W, C]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    precondition(x.rank == 4, "images are [N, H, W, C], not \(x.shape)")
    let (height, width) = (x.shape[1] * factor, x.shape[2] * factor)
    switch interpolation {
    case .nearest: return x.resizedNearest(height: height, width: width)
    case .bilinear: return x.resized(height: height, width: width, antialias: false)
    }
  }
}
