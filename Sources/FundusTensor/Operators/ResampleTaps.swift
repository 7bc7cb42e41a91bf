/// The precision in which a resize computes pixel positions.
///
/// PyTorch computes positions in the type of the image. At a ratio such as 772 to 496, single precision is
/// off by about 1e-5 pixels, which affects the fifth digit of the result.
public enum ResizePrecision: String, Hashable, Sendable, Codable {
  /// As PyTorch on a float tensor.
  case single
  /// As PyTorch on a tensor of doubles.
  case double
}

/// The weights of a bilinear resize along one axis: each output is a weighted sum of neighboring
/// inputs.
///
/// The formulas are those of PyTorch's `interpolate` with `align_corners` off.
struct ResampleTaps: Equatable {
  /// The size of the input axis.
  let inputCount: Int
  /// The first input of each output.
  let first: [Int32]
  /// The number of inputs per output; unused ones have weight 0.
  let taps: Int
  /// `[outputs, taps]`.
  let weights: [Float]

  /// The size of the output axis.
  var outputCount: Int { first.count }

  init(inputCount: Int, rows: [(first: Int, weights: [Double])]) {
    let taps = max(1, rows.map { $0.weights.count }.max() ?? 1)
    var first: [Int32] = []
    var weights = [Float](repeating: 0, count: rows.count * taps)
    for (index, row) in rows.enumerated() {
      // No output may look past the end, not even with weight 0.
      let start = max(0, min(row.first, inputCount - taps))
      first.append(Int32(start))
      for (offset, weight) in row.weights.enumerated() {
        weights[index * taps + row.first - start + offset] = Float(weight)
      }
    }
    self.inputCount = inputCount
    self.first = first
    self.taps = taps
    self.weights = weights
  }

  /// - Parameters:
  ///   - reduction: each input stands for the mean of that many inputs of an axis of
  ///     `fullCount`, as in a JPEG that is decoded at a part of its size. The weights are those of
  ///     the full axis, added up.
  init(
    from fullCount: Int, to outputCount: Int, antialias: Bool, reduction: Int = 1,
    scale: Double = 1, precision: ResizePrecision = .single
  ) {
    switch precision {
    case .single:
      self.init(Float.self, fullCount, outputCount, antialias, reduction, scale)
    case .double:
      self.init(Double.self, fullCount, outputCount, antialias, reduction, scale)
    }
  }

  private init<Number: BinaryFloatingPoint>(
    _: Number.Type, _ fullCount: Int, _ outputCount: Int, _ antialias: Bool, _ reduction: Int,
    _ scale: Double
  ) {
    let ratio = Number(fullCount) / Number(outputCount)
    let reduced = (fullCount + reduction - 1) / reduction
    let rows = (0..<outputCount).map { output -> (first: Int, weights: [Double]) in
      let (start, full) =
        antialias
        ? ResampleTaps.antialiased(output, ratio: ratio, count: fullCount)
        : ResampleTaps.plain(output, ratio: ratio, count: fullCount)
      let first = start / reduction
      var weights = [Double](
        repeating: 0, count: (start + full.count - 1) / reduction - first + 1)
      for (offset, weight) in full.enumerated() {
        weights[(start + offset) / reduction - first] += Double(weight) * scale
      }
      return (first, weights)
    }
    self.init(inputCount: reduced, rows: rows)
  }

  private static func plain<Number: BinaryFloatingPoint>(
    _ output: Int, ratio: Number, count: Int
  ) -> (first: Int, weights: [Number]) {
    let center = max(0, ratio * (Number(output) + 0.5) - 0.5)
    let left = min(Int(center), count - 1)
    let fraction = center - Number(left)
    return left + 1 < count ? (left, [1 - fraction, fraction]) : (left, [1])
  }

  private static func antialiased<Number: BinaryFloatingPoint>(
    _ output: Int, ratio: Number, count: Int
  ) -> (first: Int, weights: [Number]) {
    let support = max(ratio, 1)
    let inverse = 1 / support
    let center = ratio * (Number(output) + 0.5)
    let start = max(0, Int(center - support + 0.5))
    let end = min(count, Int(center + support + 0.5))
    var weights = (start..<end).map { index in
      max(0, 1 - abs((Number(index) - center + 0.5) * inverse))
    }
    let sum = weights.reduce(0, +)
    for index in weights.indices { weights[index] /= sum }
    return (start, weights)
  }

  /// The weights of the gradient: inputs and outputs exchanged.
  var transposed: ResampleTaps {
    var rows = [(first: Int, weights: [Double])](
      repeating: (first: 0, weights: []), count: inputCount)
    for output in 0..<outputCount {
      for tap in 0..<taps {
        let weight = weights[output * taps + tap]
        let input = Int(first[output]) + tap
        guard weight != 0, input < inputCount else { continue }
        if rows[input].weights.isEmpty { rows[input].first = output }
        // Outputs that an input reaches follow one another; a weight of 0 may lie between.
        let gap = output - rows[input].first - rows[input].weights.count
        rows[input].weights += [Double](repeating: 0, count: gap) + [Double(weight)]
      }
    }
    return ResampleTaps(inputCount: outputCount, rows: rows)
  }
}
