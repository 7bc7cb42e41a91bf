extension Tensor {
  /// A batch whose items are filled side by side on the thread pool.
  ///
  /// - Parameters:
  ///   - count: the number of items N.
  ///   - shape: the shape of an item.
  ///   - fill: writes item i; its elements are zero before. Runs on several threads at a time.
  /// - Returns: `[N] + shape`.
  /// - Throws: the error of the first item (by number) that has one, after all have been tried.
  public static func stacking<Failure: Error>(
    _ count: Int, of shape: [Int],
    _ fill: @Sendable (Int, inout MutableSpan<Float>) throws(Failure) -> Void
  ) throws(Failure) -> Tensor {
    let result = Tensor(zeros: [count] + shape)
    let size = Tensor.count(of: shape)
    let base = result.mutablePointer
    var failures = [Failure?](repeating: nil, count: count)
    failures.withUnsafeMutableBufferPointer { failures in
      let slots = failures.baseAddress
      ThreadPool.forEachUnchecked(count) { index in
        var span = MutableSpan(
          _unsafeElements: UnsafeMutableBufferPointer(start: base + index * size, count: size))
        do throws(Failure) { try fill(index, &span) } catch { slots![index] = error }
      }
    }
    for case let failure? in failures { throw failure }
    return result
  }
}
