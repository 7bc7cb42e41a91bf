import CFundusKernels

/// A convolution of INT8 images with INT8 weights, the weights of each output in steps of its
/// (symmetric, -127 to 127). Sums are integers, so results do not depend on their order.
public struct QuantizedConvolution: Sendable {
  /// The residual, which is added before the ReLU.
  public enum Residual: Sendable {
    /// Floats `[N, H', W', O]`, in units of the convolution's ``QuantizedConvolution/unit``.
    case floats(Tensor)
    /// Bytes of the same shape, without a margin.
    case bytes(QuantizedImages)
  }

  /// The value of one unit of the result: the quantization step of INT8 outputs, or 1 for plain numbers.
  public let unit: Float
  private let inputStep: Float
  private let side: Int, stride: Int, channels: Int, outputs: Int
  private let packed: Storage
  private let scale: Tensor
  private let bias: Tensor

  /// Whether INT8 products are faster than FP32 products here (AVX-512 VNNI). They run, and give the
  /// same integers, on every processor.
  public static var isFast: Bool { fk_has_byte_products() }

  /// - `weight`: `[K, K, C, O]` with K, C and O above 0, C and O multiples of 4
  /// - `bias`: `[O]`
  /// - `inputStep`: the step of the images that come in
  /// - `unit`: see ``unit``
  public init(weight: Tensor, bias: Tensor, stride: Int, inputStep: Float, unit: Float) {
    precondition(
      weight.rank == 4 && weight.shape[0] == weight.shape[1] && weight.count > 0,
      "weights are [K, K, C, O], not \(weight.shape)")
    precondition(
      weight.shape[2] % 4 == 0 && weight.shape[3] % 4 == 0,
      "channel counts must be multiples of 4, found \(weight.shape)")
    precondition(
      bias.shape == [weight.shape[3]], "a bias of \(bias.shape) for weights of \(weight.shape)")
    precondition(stride > 0, "a stride of \(stride)")
    precondition(
      inputStep > 0 && unit > 0 && inputStep.isFinite && unit.isFinite,
      "steps of \(inputStep) and \(unit)")
    (side, channels, outputs) = (weight.shape[0], weight.shape[2], weight.shape[3])
    self.stride = stride
    self.unit = unit
    self.inputStep = inputStep
    let (outputs, inner) = (outputs, weight.count / weight.shape[3])
    var largest = [Float](repeating: 0, count: outputs)
    let values = weight.pointer
    for row in 0..<inner {
      for o in 0..<outputs { largest[o] = max(largest[o], abs(values[row * outputs + o])) }
    }
    // A column of zeros can have any step.
    let steps = largest.map { $0 > 0 ? $0 / 127 : 1 }
    packed = Storage(byteCount: max(64, fk_quantized_packed_count(inner, outputs)))
    fk_quantized_pack(
      values, inner, outputs, steps, packed.pointer.assumingMemoryBound(to: Int8.self))
    scale = Tensor(steps.map { $0 * inputStep / unit }, shape: [outputs])
    self.bias = bias / unit
  }

  /// max(0, x * w + bias + residual) as bytes in steps of ``unit``.
  /// - Parameters:
  ///   - x: images with this convolution's input step.
  ///   - residual: what is added before the ReLU, of the result's shape.
  ///   - margin: zeros around each result, in pixels, for the next convolution.
  public func bytes(
    _ x: QuantizedImages, residual: Residual? = nil, margin: Int = 0
  ) -> QuantizedImages {
    let result = QuantizedImages(unwritten: shape(x), step: unit, margin: margin)
    run(x, residual: residual, relu: true, floats: nil, bytes: result.target)
    return result
  }

  /// x * w + bias + residual, and the ReLU of it where asked, as floats in units of ``unit``.
  public func floats(
    _ x: QuantizedImages, residual: Residual? = nil, relu: Bool = false
  ) -> Tensor {
    let result = Tensor(uninitialized: shape(x))
    let pointer = result.mutablePointer
    run(
      x, residual: residual, relu: relu, floats: pointer,
      bytes: fk_plain_target(pointer, outputs, 1))
    return result
  }

  private func shape(_ x: QuantizedImages) -> [Int] {
    precondition(x.shape[3] == channels, "\(x.shape[3]) channels for weights of \(channels)")
    precondition(
      x.step == inputStep, "images in steps of \(x.step), where \(inputStep) is expected")
    precondition(
      min(x.shape[1], x.shape[2]) + 2 * x.margin >= side,
      "a kernel of \(side) x \(side) does not fit into \(x.shape) with a margin of \(x.margin)")
    func half(_ size: Int) -> Int { (size + 2 * x.margin - side) / stride + 1 }
    return [x.shape[0], half(x.shape[1]), half(x.shape[2]), outputs]
  }

  private func run(
    _ x: QuantizedImages, residual: Residual?, relu: Bool, floats: UnsafeMutablePointer<Float>?,
    bytes: fk_target
  ) {
    let shape = shape(x)
    var added: (floats: UnsafePointer<Float>?, bytes: UnsafePointer<UInt8>?, step: Float) =
      (nil, nil, 0)
    switch residual {
    case .floats(let tensor)?:
      precondition(
        tensor.shape == shape, "a residual of \(tensor.shape) for a result of \(shape)")
      added.floats = tensor.pointer
    case .bytes(let images)?:
      precondition(
        images.shape == shape && images.margin == 0,
        "a residual of \(images.shape), margin \(images.margin), for a result of \(shape)")
      added.bytes = UnsafePointer(images.bytes)
      added.step = images.step / unit
    case nil: break
    }
    var job = fk_quantized_job(
      a: x.patches(side: side, stride: stride, height: shape[1], width: shape[2]),
      row_count: shape[0] * shape[1] * shape[2],
      packed: UnsafePointer(packed.pointer.assumingMemoryBound(to: Int8.self)), columns: outputs,
      scale: scale.pointer, bias: bias.pointer, residual: added.floats,
      byte_residual: added.bytes, byte_residual_scale: added.step, relu: relu, floats: floats,
      bytes: bytes)
    withExtendedLifetime((x, residual)) { fk_quantized(&job) }
  }
}
