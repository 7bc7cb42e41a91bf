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

  /// The default initialization of a layer: the next random stream of the enclosing ``seeded(_:_:)``. Outside
  /// of one, streams are derived from seed 0 in the order in which the process creates its layers.
  public static var next: Initialization { scope.next() }

  /// Creates a model whose layers initialize their parameters from streams of this seed, in the order of
  /// their creation: the same seed gives bit-identical parameters.
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
