/// Hands out one random stream after the other.
private final class InitializationScope: Sendable {
  /// nil for placeholders.
  private let root: RandomStream?
  private let used = Guarded<UInt64>(0)

  init(root: RandomStream?) { self.root = root }

  func next() -> Initialization {
    guard let root else { return .placeholder }
    let number = used.withLock { used in
      used += 1
      return used
    }
    return .random(root.derived(number))
  }
}

extension Initialization {
  @TaskLocal private static var scope = InitializationScope(root: RandomStream(seed: 0))

  /// What a layer takes that is told nothing else: the next random stream of the surrounding
  /// ``seeded(_:_:)``. Outside of one the streams follow from seed 0 in the order in which the process
  /// makes its layers.
  public static var next: Initialization { scope.next() }

  /// Makes a model whose layers initialize their parameters from streams of this seed, in the order in which
  /// they are made: the same seed gives the same bits.
  ///
  ///     let network = Initialization.seeded(7) { Network() }
  public static func seeded<Result>(_ seed: UInt64, _ make: () throws -> Result) rethrows -> Result
  {
    try $scope.withValue(InitializationScope(root: RandomStream(seed: seed)), operation: make)
  }

  /// Creates a model whose values take no memory, to be loaded from a file.
  public static func placeholders<Result>(_ make: () throws -> Result) rethrows -> Result {
    try $scope.withValue(InitializationScope(root: nil), operation: make)
  }
}
