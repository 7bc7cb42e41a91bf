import CFundusKernels
import COpenBLAS
import Foundation

/// The linear algebra library underneath (OpenBLAS).
///
/// Distributions ship versions of OpenBLAS that do not recognise newer processors and then fall back
/// to kernels of 2004, several times slower. The choice is made when the library loads; it is made
/// again here, before the first use, with the kernels that the processor's own description allows.
/// A user's `OPENBLAS_CORETYPE` is respected.
public enum BLAS {
  /// The name of the kernels in force, for example `SkylakeX` or `Haswell`.
  public static var coreName: String {
    prepare()
    return String(cString: openblas_get_corename())
  }

  /// Chooses the kernels and one thread a call (our own pool does the sharing). Idempotent; every
  /// use of BLAS or LAPACK in this package comes after a call of this.
  public static func prepare() { _ = preparation }

  private static let preparation: Void = {
    openblas_set_num_threads(1)
    guard let core = wantedCore, getenv("OPENBLAS_CORETYPE") == nil else { return }
    if String(cString: openblas_get_corename()).lowercased() == core.lowercased() { return }
    setenv("OPENBLAS_CORETYPE", core, 1)
    gotoblas_quit()
    gotoblas_init()
    unsetenv("OPENBLAS_CORETYPE")
    openblas_set_num_threads(1)
  }()

  /// The kernels that fit the processor; nil where OpenBLAS is left to choose.
  private static var wantedCore: String? {
    #if arch(x86_64)
      switch fk_cpu_level() {
      case Int32(FK_CPU_AVX512.rawValue): "SkylakeX"
      case Int32(FK_CPU_AVX2.rawValue): "Haswell"
      default: nil
      }
    #else
      nil
    #endif
  }

  /// What ``coreName`` must be; nil where the user or OpenBLAS decides.
  package static var expectedCoreName: String? {
    getenv("OPENBLAS_CORETYPE") == nil ? wantedCore : nil
  }

  /// Runs `body` with our own kernels restricted to an instruction set, for tests: 0 the compiler's
  /// base level, 1 AVX2, 2 AVX-512.
  package static func withKernelLevel(_ level: Int, _ body: () throws -> Void) rethrows {
    prepare()
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
    prepare()
    guard rows > 0, columns > 0 else { return }
    if inner == 0 {
      if !accumulate {
        for row in 0..<rows { (c + row * strideC).update(repeating: 0, count: columns) }
      }
      return
    }
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(inner), 1, a, blasint(max(1, strideA)),
      b, blasint(max(1, strideB)), accumulate ? 1 : 0, c, blasint(max(1, strideC)))
  }
}
