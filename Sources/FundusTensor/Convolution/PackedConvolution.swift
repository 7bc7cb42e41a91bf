import CFundusKernels

/// The weights of a convolution in the order in which its algorithm reads them.
///
/// Pointwise convolutions are matrix products on the image in place; 3x3 of stride 1 and 2 use
/// Winograd's algorithm for tiles of 4x4 results; the others walk over a zero-padded copy of each
/// image, in which a row of the kernel covers neighboring floats. Inference packs once and applies
/// often.
public struct PackedConvolution: Sendable {
  enum Algorithm {
    case product(PackedMatrix)
    case winograd(Storage)
  }

  /// `[KH, KW, C, O]`
  public let weightShape: [Int]
  /// The stride, the distance between neighboring results, in pixels.
  public let stride: Int
  /// Zeros around the image, in pixels.
  public let padding: Int
  let algorithm: Algorithm

  /// Packs weights `[KH, KW, C, O]`.
  public init(_ weight: Tensor, stride: Int = 1, padding: Int = 0) {
    self.init(weight, stride: stride, padding: padding, isExact: false)
  }

  /// - Parameter isExact: whether the algorithm with the smallest rounding error is wanted.
  init(_ weight: Tensor, stride: Int, padding: Int, isExact: Bool) {
    precondition(weight.rank == 4, "weights are [KH, KW, C, O], not \(weight.shape)")
    weightShape = weight.shape
    self.stride = stride
    self.padding = padding
    let side = max(weight.shape[0], weight.shape[1])
    var geometry = ConvolutionGeometry(
      [1, side, side, weight.shape[2]], weight: weight.shape, stride: stride, padding: padding)
    geometry.isExact = isExact
    if geometry.isWinograd {
      algorithm = .winograd(
        Self.transformed(
          weight.pointer, channels: geometry.channels, outputs: geometry.outputs, stride: stride,
          rotated: false))
    } else {
      algorithm = .product(PackedMatrix(inputsByOutputs: weight))
    }
  }

  /// The weights of `channels` to `outputs` under Winograd's transform.
  static func transformed(
    _ weight: UnsafePointer<Float>, channels: Int, outputs: Int, stride: Int, rotated: Bool
  ) -> Storage {
    let storage = Storage(byteCount: fk_winograd_packed_count(channels, outputs) * 4)
    fk_winograd_pack(
      weight, channels, outputs, stride, rotated,
      storage.pointer.assumingMemoryBound(to: Float.self))
    return storage
  }

  /// act(x * w + bias + residual), without gradients.
  ///
  /// - `x`: `[N, H, W, C]`
  /// - `bias`: `[O]`
  /// - `residual`: as the result, added before the activation
  /// - Returns: `[N, H', W', O]`
  public func apply(
    _ x: Tensor, bias: Tensor? = nil, residual: Tensor? = nil, activation: Activation = .none
  ) -> Tensor {
    let geometry = ConvolutionGeometry(
      x.shape, weight: weightShape, stride: stride, padding: padding)
    var result = Tensor(uninitialized: geometry.outputShape)
    apply(
      x, bias: bias, residual: residual, activation: activation, into: &result, first: 0)
    return result
  }

  /// The same, into images `first`… of `target`, which is not shared. The residual may be the current content
  /// of those images: this saves memory traffic, and a layer of 64 to 256 channels takes three quarters of
  /// the time.
  package func apply(
    _ x: Tensor, bias: Tensor?, residual: Tensor?, activation: Activation,
    into target: inout Tensor, first: Int
  ) {
    let geometry = ConvolutionGeometry(
      x.shape, weight: weightShape, stride: stride, padding: padding)
    let shape = geometry.outputShape
    precondition(
      target.shape.dropFirst() == shape.dropFirst() && first >= 0
        && first + shape[0] <= target.shape[0], "\(shape) does not fit into \(target.shape)")
    precondition(
      bias.map { $0.shape == [geometry.outputs] } ?? true,
      "a bias of \(bias?.shape ?? []) for \(geometry.outputs) outputs")
    precondition(
      residual.map { $0.shape == shape } ?? true,
      "a residual of \(residual?.shape ?? []) for a result of \(shape)")
    apply(
      x.pointer, geometry,
      into: target.mutablePointer + first * shape.dropFirst().reduce(1, *), bias: bias?.pointer,
      residual: residual?.pointer, activation: activation)
  }

  func apply(
    _ x: UnsafePointer<Float>, _ geometry: ConvolutionGeometry,
    into y: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?, activation: Activation
  ) {
    switch algorithm {
    case .winograd(let storage):
      precondition(activation != .gelu, "no GELU after a 3x3 convolution")
      Self.runWinograd(
        x, geometry, storage, channels: geometry.channels, outputs: geometry.outputs, into: y,
        bias: bias, residual: residual, activation: activation)
    case .product(let matrix):
      if geometry.isPointwise {
        matrix.apply(
          geometry.pixelRows(x), rows: geometry.rows, into: y, bias: bias, residual: residual,
          activation: activation)
      } else {
        applyPadded(
          x, geometry, matrix, into: y, bias: bias, residual: residual, activation: activation)
      }
    }
  }

  static func runWinograd(
    _ x: UnsafePointer<Float>, _ geometry: ConvolutionGeometry, _ weights: Storage,
    channels: Int, outputs: Int, padding: Int? = nil, into y: UnsafeMutablePointer<Float>,
    bias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil,
    activation: Activation = .none, height: Int? = nil, width: Int? = nil
  ) {
    var job = fk_winograd_job(
      x: x, items: geometry.items, height: height ?? geometry.height,
      width: width ?? geometry.width, channels: channels, outputs: outputs,
      stride: geometry.stride, padding: padding ?? geometry.padding,
      packed: UnsafePointer(weights.pointer.assumingMemoryBound(to: Float.self)), y: y,
      bias: bias, residual: residual, activation: activation.kernel)
    fk_winograd(&job)
  }

  private func applyPadded(
    _ x: UnsafePointer<Float>, _ geometry: ConvolutionGeometry, _ matrix: PackedMatrix,
    into y: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?, activation: Activation
  ) {
    let (height, width) = (geometry.paddedHeight, geometry.paddedWidth)
    let image = geometry.height * geometry.width * geometry.channels
    let pixels = geometry.outputHeight * geometry.outputWidth
    let padded = Tensor(uninitialized: [height, width, geometry.channels])
    for item in 0..<geometry.items {
      Padder.copy(
        x + item * image, items: 1, height: geometry.height, width: geometry.width,
        channels: geometry.channels, top: geometry.padding, left: geometry.padding,
        into: padded.mutablePointer, targetHeight: height, targetWidth: width)
      matrix.apply(
        geometry.patchRows(padded.pointer), rows: pixels,
        into: y + item * pixels * geometry.outputs,
        bias: bias, residual: residual.map { $0 + item * pixels * geometry.outputs },
        activation: activation)
    }
  }
}

extension ConvolutionGeometry {
  /// The pixels that a pointwise convolution sees, in place.
  func pixelRows(_ x: UnsafePointer<Float>) -> fk_rows {
    if stride == 1 { return fk_plain_rows(x, channels, rows, channels) }
    return fk_rows(
      base: x, row_stride: stride * channels, width: outputWidth,
      line_stride: stride * width * channels, height: outputHeight,
      item_stride: height * width * channels, segments: 1, length: channels, segment_stride: 0)
  }

  /// The patches of padded images.
  func patchRows(_ padded: UnsafePointer<Float>) -> fk_rows {
    fk_rows(
      base: padded, row_stride: stride * channels, width: outputWidth,
      line_stride: stride * paddedWidth * channels, height: outputHeight,
      item_stride: paddedHeight * paddedWidth * channels, segments: kernelHeight,
      length: kernelWidth * channels,
      segment_stride: paddedWidth * channels)
  }
}
