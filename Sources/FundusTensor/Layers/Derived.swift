/// A source of derived values that counts its changes.
package protocol Versioned: AnyObject, Sendable {
  /// Incremented with every change of the value, by any caller.
  var version: Int { get }
}

extension Parameter: Versioned {}
extension Buffer: Versioned {}

/// What follows from weights, such as packed, folded or quantized copies of them: made at the first use,
/// and again at the first use after one of them has changed. Any number of threads may ask.
package final class Derived<Value: Sendable>: Sendable {
  private let known = Guarded<(versions: [Int], value: Value)?>(nil)

  /// Nothing is made yet.
  package init() {}

  /// The current value.
  /// - Parameters:
  ///   - sources: the weights that it follows from, the same ones in every call.
  ///   - make: reads the weights. Other threads that ask wait for it.
  package func value(of sources: [any Versioned], _ make: () -> Value) -> Value {
    known.withLock { known in
      // Before the weights are read: a change meanwhile is seen by the next who asks.
      let versions = sources.map(\.version)
      if let known, known.versions == versions { return known.value }
      let value = make()
      known = (versions, value)
      return value
    }
  }
}
