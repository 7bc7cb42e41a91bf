import Foundation

/// A value protected by a lock.
///
/// The lock is the system's own, which the thread sanitizer knows; it cannot see into Swift's `Mutex`.
package final class Guarded<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  /// Protects a value with its own lock.
  package init(_ value: Value) { self.value = value }

  /// Runs `body` with exclusive access to the value. It must not acquire the same lock again.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
