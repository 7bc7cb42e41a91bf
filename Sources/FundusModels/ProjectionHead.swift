/// A linear map without bias into the space that pictures and texts share, with the vectors brought
/// to unit length before and after:
///
///     u = x / |x|,  y = W u,  result = y / |y|
///
/// Norms are plain Euclidean norms without an epsilon, as published; a zero vector, which gives NaN
/// there, stays zero.
public final class ProjectionHead: Module {
  /// `[D, inputs]`.
  public let weight: Parameter
  /// Whether vectors are normalised, before and after.
  public let normalizes: Bool

  /// A head with weights uniform in `-1/sqrt(inputs)...1/sqrt(inputs)`.
  public init(
    inputs: Int, outputs: Int, normalizes: Bool = true, initialization: Initialization
  ) {
    weight = Parameter(
      initialization.derived("weight").uniform(
        [outputs, inputs], bound: 1 / Float(inputs).squareRoot()))
    self.normalizes = normalizes
  }

  public func visit(_ state: inout StateVisitor) { state.parameter("projection.weight", weight) }

  /// Projects features `[B, inputs]` to embeddings `[B, D]`.
  public func callAsFunction(_ features: Tensor) -> Tensor {
    guard normalizes else { return linear(features, weight: weight.tensor) }
    return linear(features.l2Normalized(), weight: weight.tensor).l2Normalized()
  }
}
