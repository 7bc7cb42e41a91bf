import CFundusKernels

/// A block of memory that one or more tensors share.
///
/// Blocks come from ``CachingAllocator`` (64-byte aligned, recycled) or from a file that is mapped
/// into memory. A block is written only while one tensor is being made; afterwards it is read-only
/// unless its owner holds the only reference. That rule is what makes it safe to share.
package final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  let byteCount: Int
  private let release: Release

  private enum Release {
    case allocator(capacity: Int)
    case owner(AnyObject)
  }

  /// Takes an uninitialized block of at least `byteCount` bytes from the caching allocator.
  init(byteCount: Int) {
    let block = CachingAllocator.shared.allocate(byteCount: byteCount)
    pointer = block.pointer
    self.byteCount = byteCount
    release = .allocator(capacity: block.capacity)
  }

  /// References memory that `owner` keeps alive, such as a mapped file. Never written.
  init(borrowing pointer: UnsafeRawPointer, byteCount: Int, owner: AnyObject) {
    self.pointer = UnsafeMutableRawPointer(mutating: pointer)
    self.byteCount = byteCount
    release = .owner(owner)
  }

  /// Whether the memory may be written: mapped files may not.
  var isWritable: Bool {
    if case .allocator = release { return true }
    return false
  }

  deinit {
    if case .allocator(let capacity) = release {
      CachingAllocator.shared.release(pointer, capacity: capacity)
    }
  }
}
