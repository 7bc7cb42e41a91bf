import CFundusKernels
import COpenBLAS

/// The linear algebra library underneath (OpenBLAS).
///
/// Distributions ship versions of OpenBLAS that do not recognize newer processors and then fall back to
/// kernels from 2004, which are several times slower. Where the kernels that OpenBLAS has chosen use fewer
/// instructions than the processor has, they are replaced while the program starts, before `main`.
/// Kernels that use them all are kept, and a user's `OPENBLAS_CORETYPE` is respected.
///
/// OpenBLAS is shared by everything in a process. Its first use by this package sets it to one thread per
/// call, since the package's own pool distributes the work. If your code needs OpenBLAS with more threads,
/// call ``prepare()`` first and `openblas_set_num_threads` afterward; results of this package may then differ
/// in their last bits between numbers of threads.
public enum BLAS {
  /// The name of the active kernels, for example `SkylakeX` or `Haswell`.
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// Sets OpenBLAS to one thread per call, once per process. Every use of BLAS or LAPACK in this
  /// package comes after a call of this.
  public static func prepare() { _ = preparation }

  private static let preparation: Void = openblas_set_num_threads(1)

  /// The kernels that would serve this processor better than those of `core`; nil for none.
  package static func betterCore(than core: String, level: Int) -> String? {
    fk_blas_better_core(core, Int32(level)).map { String(cString: $0) }
  }

  /// Runs a BLAS or LAPACK call. The process does not exit before it has returned.
  static func call<Result>(_ body: () -> Result) -> Result {
    prepare()
    fk_blas_enter()
    defer { fk_blas_leave() }
    return body()
  }

  /// The instruction set of our own kernels: 0 the compiler's base level, 1 AVX2, 2 AVX-512.
  package static var kernelLevel: Int { Int(fk_cpu_level()) }

  /// Runs `body` with our own kernels restricted to an instruction set, for tests: 0 the compiler's
  /// base level, 1 AVX2, 2 AVX-512.
  package static func withKernelLevel(_ level: Int, _ body: () throws -> Void) rethrows {
    fk_limit_cpu_level(Int32(level))
    defer { fk_limit_cpu_level(Int32(FK_CPU_AVX512.rawValue)) }
    try body()
  }

  /// C = A B or C += A B for row-major matrices, either of which may be given transposed. `rows` of
  /// C are computed. Runs on the calling thread.
  static func multiply(
    _ a: UnsafePointer<Float>, transposed transposeA: Bool, stride strideA: Int,
    _ b: UnsafePointer<Float>, transposed transposeB: Bool, stride strideB: Int,
    into c: UnsafeMutablePointer<Float>, stride strideC: Int,
    rows: Int, columns: Int, inner: Int, accumulate: Bool = false
  ) {
    guard rows > 0, columns > 0 else { return }
    if inner == 0 {
      if !accumulate {
        for row in 0..<rows { (c + row * strideC).update(repeating: 0, count: columns) }
      }
      return
    }
    call {
      cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans,
        transposeB ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns), blasint(inner), 1,
        a, blasint(max(1, strideA)), b, blasint(max(1, strideB)), accumulate ? 1 : 0, c,
        blasint(max(1, strideC)))
    }
  }
}
