import CFundusKernels

/// The product of matrices, `op(a) op(b)`, where op transposes the last two axes if asked to.
///
/// - `a`: `[…, M, K]` (`[…, K, M]` when transposed)
/// - `b`: `[…, K, N]` (`[…, N, K]` when transposed), with the same leading axes as `a`, or none: one
///   matrix for all of `a`.
/// - Returns: `[…, M, N]`
public func matmul(
  _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false
) -> Tensor {
  let result = MatrixProduct.compute(a, b, transposeA: transposeA, transposeB: transposeB)
  return result.recording(a, b) { gradient in
    var gradientA: Tensor?
    if a.requiresGradient {
      let plain = matmul(gradient, b.detached, transposeB: !transposeB)
      gradientA = transposeA ? plain.transposed() : plain
    }
    let gradientB: Tensor? =
      !b.requiresGradient
      ? nil : MatrixProduct.gradientB(a.detached, b.shape, gradient, transposeA, transposeB)
    return [gradientA, gradientB]
  }
}

/// x Wᵀ + bias for every vector along the last axis.
///
/// - Parameters:
///   - x: `[…, K]`
///   - weight: `[N, K]`
///   - bias: `[N]`
/// - Returns: `[…, N]`
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
  precondition(weight.rank == 2, "linear weights have two axes, not the shape \(weight.shape)")
  let inputs = weight.shape[1]
  let outputs = weight.shape[0]
  let count = x.shape.dropLast().reduce(1, *)
  let result = PackedMatrix(outputsByInputs: weight).apply(x, bias: bias)
  return result.recording([x, weight] + (bias.map { [$0] } ?? [])) { gradient in
    let rows = gradient.reshaped([count, outputs])
    let gradientX: Tensor? =
      x.requiresGradient
      ? PackedMatrix(inputsByOutputs: weight).apply(rows).reshaped(x.shape) : nil
    let gradientWeight: Tensor? =
      weight.requiresGradient
      ? matmul(rows, x.detached.reshaped([count, inputs]), transposeA: true) : nil
    guard let bias else { return [gradientX, gradientWeight] }
    return [
      gradientX, gradientWeight,
      bias.requiresGradient ? MatrixProduct.columnSums(rows) : nil,
    ]
  }
}

enum MatrixProduct {
  /// Multiplications in a piece of work.
  static let workPerTask = 4 << 20
  /// The numbers of rows and multiplications from which packing the second matrix once for all rows pays off: with 32
  /// and 64 rows it was slower, with 512 and more 1.2 to 2.4 times as fast as OpenBLAS, which packs it again for every
  /// piece of work.
  private static let (leastPackedRows, leastPackedWork) = (128, 1 << 20)

  struct Sizes {
    let batch: Int, rows: Int, columns: Int, inner: Int
    let sharesB: Bool
    let shape: [Int]
  }

  static func sizes(_ a: Tensor, _ b: Tensor, _ transposeA: Bool, _ transposeB: Bool) -> Sizes {
    precondition(a.rank >= 2 && b.rank >= 2, "matrices, not \(a.shape) and \(b.shape)")
    let leading = a.shape.dropLast(2)
    let sharesB = b.rank == 2 && a.rank > 2
    precondition(
      sharesB || Array(b.shape.dropLast(2)) == Array(leading),
      "the leading axes of \(a.shape) and \(b.shape) differ")
    let (rows, inner) =
      transposeA
      ? (a.shape[a.rank - 1], a.shape[a.rank - 2]) : (a.shape[a.rank - 2], a.shape[a.rank - 1])
    let (innerB, columns) =
      transposeB
      ? (b.shape[b.rank - 1], b.shape[b.rank - 2]) : (b.shape[b.rank - 2], b.shape[b.rank - 1])
    precondition(
      inner == innerB,
      "\(a.shape)\(transposeA ? "ᵀ" : "") times \(b.shape)\(transposeB ? "ᵀ" : "")")
    precondition(
      max(rows, columns, inner) <= Int(Int32.max),
      "\(a.shape) times \(b.shape): OpenBLAS takes matrices of up to \(Int32.max) rows and columns")
    return Sizes(
      batch: leading.reduce(1, *), rows: rows, columns: columns, inner: inner, sharesB: sharesB,
      shape: Array(leading) + [rows, columns])
  }

  static func compute(_ a: Tensor, _ b: Tensor, transposeA: Bool, transposeB: Bool) -> Tensor {
    let sizes = sizes(a, b, transposeA, transposeB)
    let result = Tensor(uninitialized: sizes.shape)
    // One matrix for all of `a`: its rows are one tall matrix.
    let isTall = sizes.sharesB && !transposeA
    multiply(
      a.pointer, transposeA, b.pointer, transposeB, into: result.mutablePointer,
      batch: isTall ? 1 : sizes.batch, rows: isTall ? sizes.rows * sizes.batch : sizes.rows,
      columns: sizes.columns, inner: sizes.inner, sharesB: sizes.sharesB)
    return result
  }

  /// Cuts the rows of each product by the work they are and shares them among the threads.
  static func multiply(
    _ a: UnsafePointer<Float>, _ transposeA: Bool, _ b: UnsafePointer<Float>, _ transposeB: Bool,
    into c: UnsafeMutablePointer<Float>, batch: Int, rows: Int, columns: Int, inner: Int,
    sharesB: Bool
  ) {
    guard batch > 0, rows > 0, columns > 0 else { return }
    if batch == 1, transposeA, !transposeB, inner > 0 {
      var job = fk_outer_job(
        a: fk_plain_rows(a, rows, inner, rows), row_count: inner, b: b, b_stride: columns,
        columns: columns, c: c, accumulate: false)
      fk_outer(&job)
      return
    }
    let strideA = transposeA ? rows : inner
    let strideB = transposeB ? inner : columns
    if !transposeA, inner > 0, rows >= leastPackedRows, rows * columns * inner >= leastPackedWork {
      for item in 0..<batch {
        let packed = PackedMatrix(
          b + (sharesB ? 0 : item * inner * columns), inputs: inner, outputs: columns,
          inputStride: transposeB ? 1 : columns, outputStride: transposeB ? inner : 1)
        packed.apply(
          fk_plain_rows(a + item * rows * inner, inner, rows, inner), rows: rows,
          into: c + item * rows * columns)
      }
      return
    }
    let grain = min(rows, (max(1, workPerTask / max(1, columns * inner)) + 15) / 16 * 16)
    let parts = (rows + grain - 1) / grain
    func run(_ task: Int) {
      let (item, part) = task.quotientAndRemainder(dividingBy: parts)
      let first = part * grain
      BLAS.multiply(
        a + item * rows * inner + first * (transposeA ? 1 : inner), transposed: transposeA,
        stride: strideA, b + (sharesB ? 0 : item * inner * columns), transposed: transposeB,
        stride: strideB, into: c + (item * rows + first) * columns, stride: columns,
        rows: min(grain, rows - first), columns: columns, inner: inner)
    }
    // Many small products: several make a task.
    let work = max(1, min(grain, rows) * columns * inner)
    ThreadPool.forEachRangeUnchecked(batch * parts, grain: max(1, workPerTask / 4 / work)) {
      range in
      for task in range { run(task) }
    }
  }

  /// The gradient of the second factor, summed over the leading axes when it has none.
  static func gradientB(
    _ a: Tensor, _ shape: [Int], _ gradient: Tensor, _ transposeA: Bool, _ transposeB: Bool
  ) -> Tensor {
    var (a, gradient, transposeA) = (a, gradient, transposeA)
    if shape.count == 2, a.rank > 2 {
      if transposeA {
        a = a.transposed()
        transposeA = false
      }
      let count = a.shape.dropLast().reduce(1, *)
      a = a.reshaped([count, a.shape[a.rank - 1]])
      gradient = gradient.reshaped([count, gradient.shape[gradient.rank - 1]])
    }
    return transposeB
      ? matmul(gradient, a, transposeA: true, transposeB: transposeA)
      : matmul(a, gradient, transposeA: !transposeA)
  }

  /// The sum of the rows of a matrix, `[M, N]` to `[N]`, in pieces cut by size and added in order.
  static func columnSums(_ matrix: Tensor) -> Tensor {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    let result = Tensor(uninitialized: [columns])
    fk_column_sums(matrix.pointer, rows, columns, result.mutablePointer)
    return result
  }
}
