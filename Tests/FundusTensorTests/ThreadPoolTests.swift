import Foundation
import FundusTensor
import Synchronization
import Testing
import TestSupport

@Suite struct ThreadPoolTests {
  private static let pieces = 64

  /// Whether results of each piece of work require a gradient, and by how many threads they were made.
  private func recorded(_ parameter: Parameter) throws -> [Bool] {
    try withThreads(4) {
      ThreadPool.map(Self.pieces) { _ in
        // Long enough that threads that sleep wake up for it.
        (0..<20).reduce(parameter.tensor) { sum, _ in (sum * 1.5).tanh() }.requiresGradient
      }
    }
  }

  /// Threads of the pool record gradients where the thread does that works with them, and only there.
  @Test func gradientModeReachesEveryThread() throws {
    let parameter = Parameter(randomTensor([300]))
    #expect(try recorded(parameter) == Array(repeating: true, count: Self.pieces))
    let without = try Autograd.withoutGradients { try recorded(parameter) }
    #expect(without == Array(repeating: false, count: Self.pieces))
    let inner = try Autograd.withoutGradients {
      try Autograd.withGradients { try recorded(parameter) }
    }
    #expect(inner == Array(repeating: true, count: Self.pieces))
    #expect(try recorded(parameter) == Array(repeating: true, count: Self.pieces))
  }

  @Test func everyIndexRunsOnce() throws {
    for count in [0, 1, 2, 63, 1000] {
      let seen = try withThreads(count < 1000 ? 1 : 4) {
        let seen = Mutex([Int](repeating: 0, count: count))
        ThreadPool.forEachRange(count, grain: 7) { range in
          for index in range { seen.withLock { $0[index] += 1 } }
        }
        return seen.withLock { $0 }
      }
      #expect(seen == [Int](repeating: 1, count: count))
    }
  }

  /// In a process of its own, since a trace takes the whole engine.
  @Test func aTraceHasEveryTask() async {
    await #expect(processExitsWith: .success) {
      let trace = TaskTrace.regions {
        ThreadPool.forEach(5) { index in
          var sum = 0.0
          for step in 0..<(index + 1) * 20_000 { sum += Double(step).squareRoot() }
          precondition(sum > 0)
        }
        ThreadPool.forEach(3) { _ in ThreadPool.forEach(9) { _ in } }
      }
      guard trace.map(\.tasks.count) == [5, 3] else { exit(5) }
      guard trace[0].tasks[4] > trace[0].tasks[0] else { exit(6) }
      let shortest = TaskTrace.shortest([trace, trace])
      guard shortest == trace, TaskTrace.regions(of: {}).isEmpty else { exit(7) }
      exit(0)
    }
  }
}
