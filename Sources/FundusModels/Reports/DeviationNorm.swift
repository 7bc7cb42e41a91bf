import FundusTensor

/// The layer normalization of the report decoder: unbiased standard deviation, ε outside of the root
/// (see `Tensor/deviationNorm(gamma:beta:epsilon:)`).
///
/// State: `gamma`, `beta`.
final class DeviationNorm: Module, Sendable {
  /// `[D]`, starts as ones.
  let gamma: Parameter
  /// `[D]`, starts as zeros.
  let beta: Parameter

  init(features: Int, initialization: Initialization) {
    gamma = Parameter(initialization.constant([features], 1))
    beta = Parameter(initialization.constant([features], 0))
  }

  func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    x.deviationNorm(gamma: gamma.tensor(in: mode), beta: beta.tensor(in: mode))
  }
}
