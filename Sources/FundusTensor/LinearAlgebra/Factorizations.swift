import CLAPACKE

/// An error of a factorization that does not exist or did not converge.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
  /// The matrix is not positive definite; the leading minor of this order is not.
  case notPositiveDefinite(order: Int)
  /// The iteration did not converge.
  case notConverged
  /// The matrix contains NaN or infinity.
  case notFinite

  /// A one-line description.
  public var description: String {
    switch self {
    case .notPositiveDefinite(let order):
      "the matrix is not positive definite (leading minor of order \(order))"
    case .notConverged: "the factorization did not converge"
    case .notFinite: "the matrix contains non-finite values"
    }
  }
}

/// Factorizations of matrices, by LAPACK in single precision. None of them records gradients.
public enum LinearAlgebra {
  /// Eigenvalues, ascending, and eigenvectors of a symmetric matrix `[n, n]` (`ssyevd`).
  ///
  /// - Returns: `values` `[n]` and `vectors` `[n, n]` with an eigenvector in each row.
  /// - Throws: ``LinearAlgebraError``.
  public static func symmetricEigen(_ matrix: Tensor) throws -> (values: Tensor, vectors: Tensor) {
    let n = try checkedSquare(matrix)
    let vectors = matrix.copy()
    let values = Tensor(uninitialized: [n])
    // A symmetric matrix is its own transpose, so LAPACK's columns are our rows.
    let info = BLAS.call {
      LAPACKE_ssyevd(
        LAPACK_COL_MAJOR, Job.vectors, Job.lower, Int32(n), vectors.mutablePointer,
        Int32(max(1, n)),
        values.mutablePointer)
    }
    guard info == 0 else { throw LinearAlgebraError.notConverged }
    return (values, vectors)
  }

  /// The thin singular value decomposition `A = U diag(s) V` of a matrix `[m, n]` (`sgesdd`).
  ///
  /// - Returns: `u` `[m, k]`, `s` `[k]` descending, `v` `[k, n]`, with `k = min(m, n)`.
  /// - Throws: ``LinearAlgebraError``.
  public static func singularValues(
    _ matrix: Tensor
  ) throws -> (u: Tensor, s: Tensor, v: Tensor) {
    try check(matrix)
    let (m, n) = (matrix.shape[0], matrix.shape[1])
    let k = min(m, n)
    let work = matrix.copy()
    let u = Tensor(uninitialized: [m, k])
    let s = Tensor(uninitialized: [k])
    let v = Tensor(uninitialized: [k, n])
    let info = BLAS.call {
      LAPACKE_sgesdd(
        LAPACK_ROW_MAJOR, Job.thin, Int32(m), Int32(n), work.mutablePointer, Int32(max(1, n)),
        s.mutablePointer, u.mutablePointer, Int32(max(1, k)), v.mutablePointer, Int32(max(1, n)))
    }
    guard info == 0 else { throw LinearAlgebraError.notConverged }
    return (u, s, v)
  }

  /// The solution `x` of `A x = b` for a symmetric positive definite `A` `[n, n]` and `b` `[n, r]`
  /// (`sposv`, Cholesky).
  ///
  /// - Throws: ``LinearAlgebraError/notPositiveDefinite(order:)``.
  public static func choleskySolve(_ matrix: Tensor, _ right: Tensor) throws -> Tensor {
    let n = try checkedSquare(matrix)
    precondition(right.rank == 2 && right.shape[0] == n, "\(right.shape) does not fit \(n) rows")
    guard right.isFinite else { throw LinearAlgebraError.notFinite }
    let factor = matrix.copy()
    let solution = right.copy()
    let info = BLAS.call {
      LAPACKE_sposv(
        LAPACK_ROW_MAJOR, Job.lower, Int32(n), Int32(right.shape[1]), factor.mutablePointer,
        Int32(max(1, n)), solution.mutablePointer, Int32(max(1, right.shape[1])))
    }
    guard info == 0 else { throw LinearAlgebraError.notPositiveDefinite(order: Int(info)) }
    return solution
  }

  private static func check(_ matrix: Tensor) throws {
    precondition(
      matrix.rank == 2 && matrix.shape.allSatisfy { $0 <= Int(Int32.max) },
      "\(matrix.shape) is not a matrix that LAPACK takes")
    guard matrix.isFinite else { throw LinearAlgebraError.notFinite }
  }

  private static func checkedSquare(_ matrix: Tensor) throws -> Int {
    try check(matrix)
    precondition(matrix.shape[0] == matrix.shape[1], "\(matrix.shape) is not square")
    return matrix.shape[0]
  }
}

/// The directions along which samples vary most (principal component analysis).
public struct PrincipalComponents: Sendable {
  /// The mean of the samples, `[D]`.
  public let mean: Tensor
  /// A direction of unit length in each row, `[components, D]`, by descending variance. The sign is
  /// chosen so that the element of largest magnitude is positive.
  public let directions: Tensor
  /// The variance along each direction (divided by N - 1), `[components]`.
  public let variances: Tensor

  /// Analyzes samples `[N, D]`.
  /// - Throws: ``LinearAlgebraError``.
  public init(_ samples: Tensor, components: Int) throws {
    precondition(samples.rank == 2 && samples.shape[0] > 0, "\(samples.shape) is not [N, D]")
    precondition(components >= 0, "\(components) components")
    let mean = samples.mean(axis: 0)
    let (_, s, v) = try LinearAlgebra.singularValues(samples - mean)
    let count = min(components, s.count)
    var rows = v.sliced(0..<count).scalars
    let width = samples.shape[1]
    for row in 0..<count {
      let range = row * width..<(row + 1) * width
      let strongest = range.max { abs(rows[$0]) < abs(rows[$1]) }
      guard let strongest, rows[strongest] < 0 else { continue }
      for index in range { rows[index] = -rows[index] }
    }
    self.mean = mean
    directions = Tensor(rows, shape: [count, width])
    variances = s.sliced(0..<count).squared() / Float(max(1, samples.shape[0] - 1))
  }
}

/// LAPACK's letters.
private enum Job {
  static let vectors = CChar(UInt8(ascii: "V"))
  static let thin = CChar(UInt8(ascii: "S"))
  static let lower = CChar(UInt8(ascii: "L"))
}
