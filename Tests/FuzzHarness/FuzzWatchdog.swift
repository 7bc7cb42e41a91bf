import Foundation
import Synchronization

/// Names the case that was running when a reader crashed, and ends a process whose reader hangs.
public enum FuzzWatchdog {
  private static let started = Mutex<(label: String, time: ContinuousClock.Instant)?>(nil)

  static func begin(_ name: String, seed: UInt64, case index: Int) {
    started.withLock { $0 = ("\(name), seed \(seed), case \(index)", .now) }
  }

  static func end() { started.withLock { $0 = nil } }

  /// Starts watching: a case of more than `seconds` ends the process with its name.
  public static func watch(seconds: Double) {
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
      signal(number) { number in
        // The process ends in any case, so that what is unsafe in a handler does not matter here.
        let label = FuzzWatchdog.started.withLockIfAvailable { $0?.label }
        FileHandle.standardError.write(
          Data("fuzz: signal \(number) in \((label ?? nil) ?? "no case")\n".utf8))
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    Thread.detachNewThread {
      while true {
        Thread.sleep(forTimeInterval: 0.5)
        let hung = started.withLock { state -> String? in
          guard let state, (ContinuousClock.now - state.time) / .seconds(1) > seconds else {
            return nil
          }
          return state.label
        }
        if let hung {
          FileHandle.standardError.write(Data("fuzz: \(hung) hangs\n".utf8))
          abort()
        }
      }
    }
  }
}
