import Foundation
import Synchronization

/// A request to stop a run gracefully, from a signal or another thread.
public final class StopRequest: Sendable {
  private let flag = Atomic<Bool>(false)
  private let arrived = Atomic<Int32>(0)
  /// The signal sources, kept alive here; set once, before the run starts.
  nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

  /// Creates a request that has not been made.
  public init() {}

  /// Whether the run should stop after the current step.
  public var isMade: Bool { flag.load(ordering: .relaxed) }

  /// Requests the stop.
  public func make() { flag.store(true, ordering: .relaxed) }

  /// The signal that requested the stop; nil if none did.
  public var signalNumber: Int32? {
    let number = arrived.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Requests the stop on SIGINT or SIGTERM. A second signal ends the process immediately.
  public func listenToSignals() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [weak self] in
        guard let self else { return }
        if self.isMade { _exit(128 + number) }
        self.arrived.store(number, ordering: .relaxed)
        self.make()
      }
      source.resume()
      sources.append(source)
    }
  }
}
