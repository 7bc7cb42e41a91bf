import Foundation

/// Runs work on a separate thread, with the stack size that long computations need.
/// - Parameters:
///   - name: the name of the thread.
///   - isolation: the caller's actor, which waits.
///   - work: what the thread runs.
func onSeparateThread<Result: Sendable>(
  named name: String, isolation: isolated (any Actor)? = #isolation,
  _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Swift.Result { try work() }) }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }
}
