import CFundusKernels

/// The source of batch norm statistics.
public enum BatchStatistics {
  /// The batch statistics; the running statistics are then updated (unless `updates` is false, as when a
  /// block is recomputed). With several ranks the batch is that of all ranks, which must have equally many
  /// rows.
  case batch(updates: Bool, ranks: (any Communicator)? = nil)
  /// The running statistics, which are not updated.
  case running
}

/// Normalizes each channel, fused with the operations that usually follow:
///
///     y = act((x - mean) / sqrt(variance + epsilon) * weight + bias + residual)
///
/// (Ioffe and Szegedy, arXiv 1502.03167). With the statistics of the batch, running statistics become
/// `(1 - momentum) running + momentum batch`, with the unbiased variance, as in PyTorch.
///
/// - `x`: `[…, C]`; the statistics run over all other axes
/// - `weight`: `[C]`
/// - `bias`: `[C]`
/// - `residual`: as `x`, added before the activation
/// - `relu`: whether the activation is max(·, 0) or none
/// - Returns: as `x`
public func batchNorm(
  _ x: Tensor, weight: Tensor, bias: Tensor, runningMean: Buffer, runningVariance: Buffer,
  statistics: BatchStatistics, residual: Tensor? = nil, relu: Bool = false,
  momentum: Float = 0.1, epsilon: Float = 1e-5
) -> Tensor {
  let channels = x.shape.last ?? 0
  precondition(x.rank >= 2 && channels > 0, "\(x.shape) has no channels to normalize")
  precondition(
    weight.shape == [channels] && bias.shape == [channels]
      && runningMean.value.shape == [channels] && runningVariance.value.shape == [channels],
    "batch norm of \(x.shape) with a scale of \(weight.shape), a shift of \(bias.shape), "
      + "means of \(runningMean.value.shape) and variances of \(runningVariance.value.shape)")
  precondition(
    residual.map { $0.shape == x.shape } ?? true,
    "a residual of \(residual?.shape ?? []) for \(x.shape)")
  let rows = x.count / channels

  var mean = runningMean.value
  var variance = runningVariance.value
  var usesBatch = false
  var ranks: (any Communicator)?
  if case .batch(let updates, let communicator) = statistics {
    precondition(rows > 1, "the statistics of a batch need more than one value per channel")
    usesBatch = true
    if let communicator, communicator.size > 1 { ranks = communicator }
    mean = Tensor(uninitialized: [channels])
    variance = Tensor(uninitialized: [channels])
    fk_batch_statistics(x.pointer, rows, channels, mean.mutablePointer, variance.mutablePointer)
    if let ranks { (mean, variance) = BatchNorm.pooled(mean, variance, ranks) }
    if updates {
      let count = Double(rows * (ranks?.size ?? 1))
      let unbiased = Float(count / (count - 1))
      runningMean.move(toward: mean, by: momentum, scale: 1)
      runningVariance.move(toward: variance, by: momentum, scale: unbiased)
    }
  }

  let inverse = Tensor(uninitialized: [channels])
  let scale = Tensor(uninitialized: [channels])
  let shift = Tensor(uninitialized: [channels])
  for c in 0..<channels {
    let inverseDeviation = Float(1 / (Double(variance.pointer[c]) + Double(epsilon)).squareRoot())
    inverse.mutablePointer[c] = inverseDeviation
    scale.mutablePointer[c] = inverseDeviation * weight.pointer[c]
    shift.mutablePointer[c] =
      bias.pointer[c] - mean.pointer[c] * inverseDeviation * weight.pointer[c]
  }
  let result = Tensor(uninitialized: x.shape)
  BatchNorm.forEachPart(rows, channels) {
    fk_batch_apply(
      x.pointer, scale.pointer, shift.pointer, residual?.pointer, relu, $0.lowerBound,
      $0.upperBound, channels, result.mutablePointer)
  }

  let inputs = [x, weight, bias] + (residual.map { [$0] } ?? [])
  let backward = BatchNormBackward(
    input: x.detached, weight: weight.detached, mean: mean, inverse: inverse,
    mask: !relu
      ? .none : residual == nil ? .affine(scale: scale, shift: shift) : .result(result),
    usesBatch: usesBatch, ranks: ranks, wants: inputs.map(\.requiresGradient))
  return result.recording(inputs) { gradient, sums in backward.run(&gradient, &sums) }
}

enum BatchNorm {
  static func forEachPart(_ rows: Int, _ channels: Int, _ body: (Range<Int>) -> Void) {
    ThreadPool.forEachRangeUnchecked(rows, grain: max(1, (1 << 16) / channels), body)
  }

  /// Mean and variance over ranks that have as many rows each.
  static func pooled(
    _ mean: Tensor, _ variance: Tensor, _ ranks: any Communicator
  ) -> (mean: Tensor, variance: Tensor) {
    let channels = mean.count
    let all = ranks.gather(Tensor.concatenated([mean, variance]).reshaped([1, 2 * channels]))
    precondition(
      all.shape == [ranks.size, 2 * channels],
      "statistics of \(all.shape) from \(ranks.size) ranks with \(channels) channels each")
    let result = (Tensor(uninitialized: [channels]), Tensor(uninitialized: [channels]))
    let size = Double(ranks.size)
    for c in 0..<channels {
      let parts = (0..<ranks.size).map { rank in
        (
          mean: Double(all.pointer[rank * 2 * channels + c]),
          variance: Double(all.pointer[(rank * 2 + 1) * channels + c])
        )
      }
      let center = parts.reduce(0) { $0 + $1.mean } / size
      let spread = parts.reduce(0) { $0 + $1.variance + ($1.mean - center) * ($1.mean - center) }
      result.0.mutablePointer[c] = Float(center)
      result.1.mutablePointer[c] = Float(spread / size)
    }
    return result
  }

  /// The sums of two vectors over ranks, in the order of the ranks.
  static func summed(
    _ first: Tensor, _ second: Tensor, _ ranks: any Communicator
  ) -> (Tensor, Tensor) {
    let channels = first.count
    let sum = ranks.gather(Tensor.concatenated([first, second]).reshaped([1, 2 * channels]))
      .sum(axis: 0)
    return (sum.sliced(0..<channels), sum.sliced(channels..<2 * channels))
  }
}

extension Buffer {
  fileprivate func move(toward target: Tensor, by momentum: Float, scale: Float) {
    let result = Tensor(uninitialized: value.shape)
    for i in 0..<value.count {
      result.mutablePointer[i] =
        (1 - momentum) * value.pointer[i] + momentum * scale * target.pointer[i]
    }
    value = result
  }
}
