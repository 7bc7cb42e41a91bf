/// A source of derived values that counts its changes.
package protocol Versioned: AnyObject, Sendable {
  /// Incremented with every change of the value, by any caller.
  var version: Int { get }
}

extension Parameter: Versioned {}
extension Buffer: Versioned {}

/// Values derived from weights, such as packed, folded or quantized copies: computed at the first use, and
/// again at the first use after one of the weights has changed. Safe to use from any number of threads.
package final class Derived<Value: Sendable>: Sendable {
  private let known = Guarded<(versions: [Int], value: Value)?>(nil)

  /// Creates an empty cache.
  package init() {}

  /// The current value.
  /// - Parameters:
  ///   - sources: the weights that it follows from, the same ones in every call.
  ///   - make: reads the weights. Other threads that need the value wait for it.
  package func value(of sources: [any Versioned], _ make: () -> Value) -> Value {
    known.withLock { known in
      // Read before the weights: a change in between is noticed at the next use.
      let versions = sources.map(\.version)
      if let known, known.versions == versions { return known.value }
      let value = make()
      known = (versions, value)
      return value
    }
  }
}
