import Foundation
import FundusTensor

/// A test of several threads in which only one of them worked.
public struct NoWorkerTookPart: Error {
  /// How many there should have been.
  public let threads: Int
}

/// The thread count is the whole process's, and tests run side by side.
private let lock = NSRecursiveLock()

/// Runs `body` with so many threads of the engine, and makes sure that more than the calling one had
/// a part in its work: it runs again as long as the pool was busy with other tests.
///
/// - Parameters:
///   - threads: the thread count while `body` runs.
///   - body: gives the same result each time, and starts no threads of its own.
/// - Throws: ``NoWorkerTookPart`` after half a minute, and what `body` throws.
public func withThreads<Result>(_ threads: Int, _ body: () throws -> Result) throws -> Result {
  try lock.withLock {
    let before = ThreadPool.threadCount
    defer { ThreadPool.threadCount = before }
    ThreadPool.threadCount = threads
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let helped = ThreadPool.helpedPieces
      let result = try body()
      if threads == 1 || ThreadPool.helpedPieces > helped { return result }
      guard ContinuousClock.now < deadline else { throw NoWorkerTookPart(threads: threads) }
    }
  }
}
