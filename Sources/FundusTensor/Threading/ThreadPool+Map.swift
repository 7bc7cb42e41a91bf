extension ThreadPool {
  /// The results of `body` for every index below `count`, computed on the pool's threads.
  ///
  /// For coarse work: each result is handed over under a lock.
  package static func map<Result: Sendable>(
    _ count: Int, _ body: @Sendable (Int) -> Result
  ) -> [Result] {
    let results = Guarded([Result?](repeating: nil, count: count))
    forEach(count) { index in
      let result = body(index)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.map { $0! } }
  }
}
