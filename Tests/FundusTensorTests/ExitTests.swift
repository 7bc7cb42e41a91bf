import Foundation
import FundusTensor
import Testing

/// Ends the process, which waits after all exit handlers have run: streams are written out at the very end,
/// and a reader that is late empties the pipe of this one.
private func exitAfterHandlers(seconds: Double) -> Never {
  var ends: [Int32] = [0, 0]
  guard pipe(&ends) == 0, let stream = fdopen(ends[1], "w") else { exit(3) }
  let (input, count) = (ends[0], 1 << 20)
  // Without memory for it, the size is not heeded.
  setvbuf(stream, UnsafeMutablePointer<CChar>.allocate(capacity: count), Int32(_IOFBF), count)
  let text = [UInt8](repeating: 120, count: count - 1)
  guard fwrite(text, 1, text.count, stream) == text.count else { exit(4) }
  Thread {
    Thread.sleep(forTimeInterval: seconds)
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while read(input, &bytes, bytes.count) > 0 {}
  }.start()
  exit(0)
}

/// Programs that end while their threads are still at work.
@Suite struct ExitTests {
  /// OpenBLAS unmaps its buffers at exit, those of products under way too. To make sure that threads are
  /// seen to go on, something after that takes time: a stream that has more to write than its pipe takes.
  @Test(arguments: 0..<2) func threadsAtWorkSurviveTheExit(_: Int) async {
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
      exitAfterHandlers(seconds: 0.3)
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
