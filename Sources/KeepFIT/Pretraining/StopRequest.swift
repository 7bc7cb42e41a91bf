import Foundation
import Synchronization

/// A wish to end a run in good order, from a signal or from another thread.
public final class StopRequest: Sendable {
  private let flag = Atomic<Bool>(false)
  private let arrived = Atomic<Int32>(0)
  /// Kept alive here; set once, before the run starts.
  nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

  /// A wish that nobody has had yet.
  public init() {}

  /// Whether the run should end after the present step.
  public var isMade: Bool { flag.load(ordering: .relaxed) }

  /// Makes the wish.
  public func make() { flag.store(true, ordering: .relaxed) }

  /// The signal that made the wish; nil when none did.
  public var signalNumber: Int32? {
    let number = arrived.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Makes the wish when SIGINT or SIGTERM arrives. A second signal ends the process at once.
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
