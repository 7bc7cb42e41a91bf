import FundusTensor

/// The initialization of the transformer as in the published code: weights Xavier-uniform, biases uniform in
/// ±1/√inputs. Its layers are deep copies of each other, so all biases of a kind are equal; only the weights
/// are reinitialized.
struct ReportInitialization {
  /// For the weights of this part.
  let own: Initialization
  /// For what all copies share.
  let shared: Initialization

  init(_ initialization: Initialization) {
    own = initialization
    shared = initialization.derived("shared")
  }

  private init(own: Initialization, shared: Initialization) {
    self.own = own
    self.shared = shared
  }

  func derived(_ name: String) -> ReportInitialization {
    ReportInitialization(own: own.derived(name), shared: shared)
  }

  /// A linear map.
  /// - Parameter kind: which maps have the same bias.
  func linear(_ name: String, inputs: Int, outputs: Int, kind: String) -> Linear {
    Linear(
      weight: own.derived(name).uniform(
        [outputs, inputs], bound: Self.xavier(inputs, outputs)),
      bias: shared.derived(kind).linear([outputs], inputs: inputs))
  }

  func norm(_ features: Int) -> DeviationNorm {
    DeviationNorm(features: features, initialization: own)
  }

  /// The bound of Xavier-uniform values.
  static func xavier(_ inputs: Int, _ outputs: Int) -> Float {
    (6 / Float(inputs + outputs)).squareRoot()
  }
}
