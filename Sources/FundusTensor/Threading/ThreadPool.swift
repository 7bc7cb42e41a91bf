import CFundusKernels

/// The thread pool of all operators.
///
/// Work is divided by its size, never by the number of threads, so results are bit-identical for any number
/// of threads.
public enum ThreadPool {
  /// The number of threads, including the calling one. Starts as the environment variable
  /// `KEEPFIT_NUM_THREADS` says, or else as the number of processors that the process may use: those of
  /// its affinity mask, and not more than its container's CPU limit.
  public static var threadCount: Int {
    get { Int(fk_get_threads()) }
    set { fk_set_threads(Int32(clamping: newValue)) }
  }

  /// How many pieces of the calling thread's work other threads have done so far, for tests.
  package static var helpedPieces: Int { Int(fk_helped_indices()) }

  /// The processors that Linux control groups (versions 1 and 2) allow, rounded up; nil for no limit.
  /// - Parameter root: stands before the system's paths; empty but in tests.
  package static func processorLimit(root: String = "") -> Int? {
    let limit = fk_cpu_limit(root)
    return limit > 0 ? Int(limit) : nil
  }

  /// Restricts work started by the calling thread to that thread.
  ///
  /// For custom threads that run next to the engine, such as image loading threads, so that they do not
  /// occupy the pool when the engine needs it.
  public static func leave() { fk_leave_pool() }

  /// Runs `body` for every index below `count`, in no particular order, and waits for all.
  ///
  /// Calls from inside of `body` run on their own thread alone. Whether gradients are recorded (see
  /// ``Autograd``) is the same inside of `body` as it is here, whichever thread runs it.
  public static func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    forEachUnchecked(count, body)
  }

  /// Cuts `0..<count` into ranges of `grain` (the last one shorter) and runs `body` for each.
  public static func forEachRange(
    _ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void
  ) {
    forEachRangeUnchecked(count, grain: grain, body)
  }

  /// ``forEach(_:_:)`` for kernels: they write through pointers, each index to a separate part, which the
  /// compiler cannot verify.
  static func forEachUnchecked(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var task = Task(body: body, isRecording: Autograd.isRecording)
      withUnsafeMutablePointer(to: &task) { context in
        fk_parallel_for(count, context) { context, index in
          context.assumingMemoryBound(to: Task.self).pointee.run(Int(index))
        }
      }
    }
  }

  /// ``forEachRange(_:grain:_:)`` for kernels, see ``forEachUnchecked(_:_:)``.
  static func forEachRangeUnchecked(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    let grain = max(1, grain)
    if count <= grain {
      if count > 0 { body(0..<count) }
      return
    }
    forEachUnchecked((count + grain - 1) / grain) { chunk in
      body(chunk * grain..<min(count, (chunk + 1) * grain))
    }
  }

  private struct Task {
    let body: (Int) -> Void
    let isRecording: Bool

    func run(_ index: Int) {
      if Autograd.isRecording == isRecording { return body(index) }
      Autograd.$isRecording.withValue(isRecording) { body(index) }
    }
  }
}
