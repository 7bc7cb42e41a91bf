import CFundusKernels

/// The activation that is applied while the result of a matrix product is still in registers.
public enum Activation: Sendable {
  /// Nothing.
  case none
  /// max(x, 0)
  case relu
  /// x Φ(x) with the error function, as BERT uses it.
  case gelu

  var kernel: fk_activation {
    switch self {
    case .none: FK_IDENTITY
    case .relu: FK_RELU
    case .gelu: FK_GELU
    }
  }
}

/// A matrix of weights in the order in which the product kernels read it.
///
/// Packing costs one pass over the weights; inference packs once and applies often. Nothing here is
/// recorded for gradients (see ``linear(_:weight:bias:)``).
public struct PackedMatrix: Sendable {
  /// The input dimension K.
  public let inputs: Int
  /// The output dimension N.
  public let outputs: Int
  let storage: Storage

  var pointer: UnsafePointer<Float> {
    UnsafePointer(storage.pointer.assumingMemoryBound(to: Float.self))
  }

  /// Packs weights as linear layers hold them, `[out, in]`.
  public init(outputsByInputs weight: Tensor) {
    precondition(weight.rank == 2, "linear weights have two axes, not the shape \(weight.shape)")
    self.init(
      weight.pointer, inputs: weight.shape[1], outputs: weight.shape[0],
      inputStride: 1, outputStride: weight.shape[1])
  }

  /// Packs weights whose last axis is the outputs and whose other axes are the inputs: `[in, out]`,
  /// or `[KH, KW, C_in, C_out]` of a convolution.
  public init(inputsByOutputs weight: Tensor) {
    precondition(weight.rank >= 2, "weights have at least two axes, not \(weight.shape)")
    let outputs = weight.shape[weight.rank - 1]
    self.init(
      weight.pointer, inputs: weight.shape.dropLast().reduce(1, *), outputs: outputs,
      inputStride: outputs, outputStride: 1)
  }

  init(
    _ weight: UnsafePointer<Float>, inputs: Int, outputs: Int, inputStride: Int, outputStride: Int
  ) {
    self.inputs = inputs
    self.outputs = outputs
    let storage = Storage(byteCount: max(64, fk_gemm_packed_count(inputs, outputs) * 4))
    let packed = storage.pointer.assumingMemoryBound(to: Float.self)
    let panelWidth = Int(FK_PANEL)
    let panels = (outputs + panelWidth - 1) / panelWidth
    let grain = max(1, (1 << 16) / max(1, inputs * panelWidth))
    ThreadPool.forEachRangeUnchecked(panels, grain: grain) { range in
      fk_gemm_pack(
        weight, inputs, outputs, inputStride, outputStride, range.lowerBound, range.upperBound,
        packed)
    }
    self.storage = storage
  }

  /// act(x W + bias + residual) for every vector along the last axis of `x`.
  ///
  /// - `x`: `[…, K]`
  /// - `bias`: `[N]`
  /// - `residual`: `[…, N]`, added before the activation
  /// - Returns: `[…, N]`, without gradients.
  public func apply(
    _ x: Tensor, bias: Tensor? = nil, residual: Tensor? = nil, activation: Activation = .none
  ) -> Tensor {
    precondition(x.shape.last == inputs, "\(x.shape) does not end with the \(inputs) inputs")
    precondition(
      bias.map { $0.shape == [outputs] } ?? true,
      "a bias of \(bias?.shape ?? []) for \(outputs) outputs")
    let result = Tensor(uninitialized: x.shape.dropLast() + [outputs])
    precondition(
      residual.map { $0.count == result.count } ?? true,
      "a residual of \(residual?.shape ?? []) for a result of \(result.shape)")
    // Also of vectors without elements: their products are zeros.
    let rows = x.shape.dropLast().reduce(1, *)
    apply(
      fk_plain_rows(x.pointer, inputs, rows, inputs), rows: rows, into: result.mutablePointer,
      bias: bias?.pointer, residual: residual?.pointer, activation: activation)
    return result
  }

  /// The same on rows at any location, into a plain matrix. The residual may be its current content.
  func apply(
    _ rows: fk_rows, rows count: Int, into c: UnsafeMutablePointer<Float>,
    bias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil,
    activation: Activation = .none
  ) {
    // The parts of a long sum are stored there, so it has to be added with the first of them.
    let addsInPlace = residual == UnsafePointer(c)
    apply(
      rows, rows: count, into: fk_plain_target(c, outputs, count), bias: bias,
      residual: addsInPlace ? nil : residual, activation: activation, accumulate: addsInPlace)
  }

  func apply(
    _ rows: fk_rows, rows count: Int, into target: fk_target, bias: UnsafePointer<Float>? = nil,
    residual: UnsafePointer<Float>? = nil, activation: Activation = .none,
    accumulate: Bool = false
  ) {
    var job = fk_gemm_job(
      a: rows, row_count: count, packed: pointer, columns: outputs, c: target, bias: bias,
      residual: residual, residual_stride: outputs, activation: activation.kernel,
      accumulate: accumulate)
    fk_gemm(&job)
  }
}
