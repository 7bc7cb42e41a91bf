import CFundusKernels

/// The gradients of ``batchNorm(_:weight:bias:runningMean:runningVariance:statistics:residual:relu:momentum:epsilon:)``.
///
/// Its tensors are the largest of a network, and it is memory-bound: nothing is read that can be computed,
/// and the gradient of the result is overwritten where it is no longer needed.
struct BatchNormBackward {
  /// Where the gradient passes through the ReLU.
  enum Mask {
    /// Everywhere: there is none.
    case none
    /// Where input times scale plus shift is positive, which spares reading the result.
    case affine(scale: Tensor, shift: Tensor)
    /// Where the result is positive.
    case result(Tensor)

    var kernel: fk_batch_mask {
      switch self {
      case .none: fk_batch_mask(y: nil, scale: nil, shift: nil)
      case .affine(let scale, let shift):
        fk_batch_mask(y: nil, scale: scale.pointer, shift: shift.pointer)
      case .result(let y): fk_batch_mask(y: y.pointer, scale: nil, shift: nil)
      }
    }
  }

  let input: Tensor
  /// `[C]`, as are the others.
  let weight, mean, inverse: Tensor
  let mask: Mask
  /// Whether mean and deviation are those of the batch, and so depend on the input.
  let usesBatch: Bool
  let ranks: (any Communicator)?
  /// Which gradients are wanted: of the input, weight, bias and, where there is one, residual.
  let wants: [Bool]

  func run(_ gradient: inout Tensor, _ sums: inout [Tensor?]) {
    let channels = weight.count
    let rows = input.count / channels
    var mask = mask.kernel
    let wantsResidual = wants.count > 3 && wants[3]
    // The residual's gradient is what passes the ReLU; without one, the gradient itself.
    var masked = wantsResidual && mask.y != nil ? gradient.spareMemory() : nil
    let total = Tensor(uninitialized: [channels])
    let products = Tensor(uninitialized: [channels])
    fk_batch_gradient_sums(
      gradient.pointer, mask, input.pointer, mean.pointer, inverse.pointer, rows, channels,
      masked?.mutablePointer, total.mutablePointer, products.mutablePointer)
    if let masked {
      gradient = masked
      mask = Mask.none.kernel
    }
    masked = nil
    if wants[1] { Backpropagation.add(products, to: &sums[1]) }
    if wants[2] { Backpropagation.add(total, to: &sums[2]) }
    if wantsResidual { Backpropagation.add(gradient, to: &sums[3]) }
    guard wants[0] else { return }
    let terms = terms(total, products, rows: rows)
    let (a, b, c) = (terms.pointer, terms.pointer + channels, terms.pointer + 2 * channels)
    let dx = gradient.spareMemory()
    let (source, target) = (gradient.pointer, dx.mutablePointer)
    BatchNorm.forEachPart(rows, channels) {
      fk_batch_gradient_apply(
        source, mask, input.pointer, a, b, c, $0.lowerBound, $0.upperBound, channels, target)
    }
    Backpropagation.add(dx, to: &sums[0])
  }

  /// a, b and c of dx = w i (g - sum(g)/M - (x - mean) i sum(g xhat)/M) = a g + b x + c, where i is the
  /// inverse deviation: `[3, C]`.
  private func terms(_ total: Tensor, _ products: Tensor, rows: Int) -> Tensor {
    let channels = weight.count
    let terms = Tensor(uninitialized: [3, channels])
    let (a, b, c) = (
      terms.mutablePointer, terms.mutablePointer + channels, terms.mutablePointer + 2 * channels
    )
    // The sums of the whole batch; the parameters' gradients are averaged over ranks later.
    let whole = ranks.map { BatchNorm.summed(total, products, $0) } ?? (total, products)
    let count = Float(rows * (ranks?.size ?? 1))
    for i in 0..<channels {
      let scale = inverse.pointer[i] * weight.pointer[i]
      a[i] = scale
      b[i] = usesBatch ? -scale * inverse.pointer[i] * whole.1.pointer[i] / count : 0
      c[i] = usesBatch ? -scale * whole.0.pointer[i] / count - b[i] * mean.pointer[i] : 0
    }
    return terms
  }
}
