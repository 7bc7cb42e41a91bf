import Foundation

/// A value behind a lock.
///
/// The lock is the system's own, which the thread sanitizer knows; it cannot see into Swift's `Mutex`.
package final class Guarded<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  /// Puts a value behind a lock of its own.
  package init(_ value: Value) { self.value = value }

  /// Runs `body` while no other thread looks at the value. It must not ask for the same lock again.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
