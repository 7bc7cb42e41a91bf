import CFundusKernels
import Foundation

/// Recycles 64-byte aligned blocks, so that the steady state of a training step or of a loop over
/// images asks the system for nothing and meets no page faults.
///
/// Sizes are rounded up to classes at most one eighth apart. Freed blocks are kept in their class and reused
/// last in, first out, while they are still in the CPU cache.
public final class CachingAllocator: Sendable {
  /// The allocator that every tensor uses.
  public static let shared = CachingAllocator()

  /// Bytes in use, bytes held, and the highest number of bytes in use so far.
  public struct Statistics: Sendable, Equatable {
    /// Bytes that live tensors occupy, rounded up to their size classes.
    public internal(set) var bytesInUse = 0
    /// Bytes obtained from the system, in use or cached.
    public internal(set) var bytesHeld = 0
    /// The largest value of ``bytesInUse`` since the start or the last ``CachingAllocator/resetPeak()``.
    public internal(set) var peakBytesInUse = 0
  }

  private struct State: @unchecked Sendable {
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var statistics = Statistics()
  }

  private let state = Guarded(State())

  private init() {
    // Kernels take memory of their own, which may be waiting here.
    fk_when_memory_is_short { CachingAllocator.shared.trim() }
  }

  /// The counters at this moment.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// Starts a new measurement of the peak.
  public func resetPeak() {
    state.withLock { $0.statistics.peakBytesInUse = $0.statistics.bytesInUse }
  }

  /// Returns all unused blocks to the system.
  public func trim() {
    state.withLock { state in
      for (capacity, blocks) in state.free {
        for block in blocks { free(block) }
        state.statistics.bytesHeld -= capacity * blocks.count
      }
      state.free.removeAll()
    }
  }

  func allocate(byteCount: Int) -> (pointer: UnsafeMutableRawPointer, capacity: Int) {
    precondition(byteCount >= 0, "a block cannot hold \(byteCount) bytes")
    let wanted = Self.capacity(for: byteCount)
    let recycled = state.withLock { state -> (UnsafeMutableRawPointer, Int)? in
      let capacity = Self.waitingCapacity(wanted, in: state.free)
      state.statistics.bytesInUse += capacity ?? wanted
      state.statistics.peakBytesInUse = max(
        state.statistics.peakBytesInUse, state.statistics.bytesInUse)
      if let capacity, let block = state.free[capacity]?.popLast() { return (block, capacity) }
      state.statistics.bytesHeld += wanted
      return nil
    }
    if let recycled { return recycled }
    let capacity = wanted
    var block: UnsafeMutableRawPointer?
    // Large blocks start on a huge-page boundary, where the kernel may back them with huge pages.
    let alignment = capacity >= 1 << 22 ? 1 << 21 : 64
    if posix_memalign(&block, alignment, capacity) != 0 {
      // Blocks cached in other classes may provide the missing memory.
      trim()
      if posix_memalign(&block, alignment, capacity) != 0 { block = nil }
    }
    guard let block else {
      let used = statistics.bytesInUse - capacity
      fatalError(
        "out of memory: \(byteCount) bytes were requested while tensors use \(used); use "
          + "smaller images or batches")
    }
    #if os(Linux)
      if capacity >= 1 << 22 { madvise(block, capacity, Int32(MADV_HUGEPAGE)) }
    #endif
    return (block, capacity)
  }

  /// The class of a waiting block that serves a request: its own, or for a large one the next class up
  /// to twice as large. So the gradients of a step live where its activations were.
  private static func waitingCapacity(
    _ wanted: Int, in free: [Int: [UnsafeMutableRawPointer]]
  ) -> Int? {
    if free[wanted]?.isEmpty == false { return wanted }
    guard wanted >= 1 << 20 else { return nil }
    return free.lazy.filter { $0.key > wanted && $0.key <= 2 * wanted && !$0.value.isEmpty }
      .map(\.key).min()
  }

  func release(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
    state.withLock { state in
      state.statistics.bytesInUse -= capacity
      // The thread sanitizer does not see the counting of references, which puts the last look at a
      // block before its next use; it knows malloc and free.
      if fk_is_thread_sanitized() {
        free(pointer)
        state.statistics.bytesHeld -= capacity
        return
      }
      state.free[capacity, default: []].append(pointer)
    }
  }

  /// The size class of a request: eight classes for each power of two.
  static func capacity(for byteCount: Int) -> Int {
    if byteCount <= 64 { return 64 }
    let step = max(64, 1 << (Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount - 3))
    return (byteCount + step - 1) / step * step
  }
}
