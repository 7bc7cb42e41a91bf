import CFundusKernels

/// Element-wise kernels cut into pieces for the thread pool.
enum Kernels {
  /// Elements below which a second thread costs more than it gives.
  static let grain = 1 << 15

  typealias Binary = (
    UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
  ) -> Void

  static func binary(
    _ kernel: Binary, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>, count: Int
  ) {
    ThreadPool.forEachRange(count, grain: grain) { range in
      kernel(a + range.lowerBound, b + range.lowerBound, out + range.lowerBound, range.count)
    }
  }

  static func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>, count: Int
  ) { binary(fk_add, a, b, into: out, count: count) }
}
