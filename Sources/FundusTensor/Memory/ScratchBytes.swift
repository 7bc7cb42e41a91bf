/// Bytes from the caching allocator, for an image between decoding and resizing.
///
/// A decoded photograph takes tens of megabytes. Fresh pages for each one would cost a quarter of the
/// decoding time; these pages are reused.
package final class ScratchBytes: @unchecked Sendable {
  private let storage: Storage
  /// The number of bytes. Their values are undefined.
  package let count: Int

  /// Room for `count` bytes.
  package init(count: Int) {
    storage = Storage(byteCount: count)
    self.count = count
  }

  /// The bytes, for a C library to fill.
  package func withUnsafeBytes<Result>(
    _ body: (UnsafeMutableBufferPointer<UInt8>) -> Result
  ) -> Result {
    body(
      UnsafeMutableBufferPointer(
        start: storage.pointer.assumingMemoryBound(to: UInt8.self), count: count))
  }
}
