/// A few values by key; the one that was not used for the longest time makes room for a new one.
final class RecentlyUsed<Value: Sendable>: Sendable {
  private let capacity: Int
  private let entries = Guarded<[(key: String, value: Value)]>([])

  /// Room for `capacity` values, at least one.
  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// The value of a key, made if it is not there. Two threads may make the same value.
  func value<Failure: Error>(
    for key: String, make: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let known = entries.withLock { entries -> Value? in
      guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
      let entry = entries.remove(at: place)
      entries.append(entry)
      return entry.value
    }
    if let known { return known }
    let made = try make()
    entries.withLock { entries in
      entries.removeAll { $0.key == key }
      if entries.count >= capacity { entries.removeFirst() }
      entries.append((key, made))
    }
    return made
  }
}
