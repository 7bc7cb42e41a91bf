import Foundation
import FundusTensor
import Testing

/// Programs that end while their threads are still at work.
@Suite struct ExitTests {
  /// OpenBLAS unmaps its memory at exit, twice where it was begun anew in between: threads died of it
  /// in the middle of a product, or with their stacks.
  @Test(arguments: 0..<8) func threadsAtWorkSurviveTheExit(_: Int) async {
    await #expect(processExitsWith: .success) {
      let started = DispatchSemaphore(value: 0)
      for seed in 0..<4 {
        let thread = Thread {
          let a = pattern([300, 300], seed), b = pattern([300, 300], seed + 9)
          _ = matmul(a, b)
          started.signal()
          while true { _ = matmul(a, b) }
        }
        thread.start()
      }
      for _ in 0..<4 { started.wait() }
      exit(0)
    }
  }

  /// Threads that have just finished, as after a `DispatchSemaphore` that they signal last.
  @Test(arguments: 0..<4) func threadsThatFinishSurviveTheExit(_: Int) async {
    await #expect(processExitsWith: .success) {
      let done = DispatchSemaphore(value: 0)
      for seed in 0..<8 {
        let thread = Thread {
          _ = conv2d(pattern([1, 64, 64, 16], seed), weight: pattern([3, 3, 16, 16]), padding: 1)
          done.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
      }
      for _ in 0..<8 { done.wait() }
      exit(0)
    }
  }
}
