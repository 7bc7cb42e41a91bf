/// A linear projection without bias into the joint embedding space, with normalization to unit length before and
/// after:
///
///     u = x / |x|,  y = W u,  result = y / |y|
///
/// Norms are plain Euclidean norms without an epsilon, as published; a zero vector, which gives NaN
/// there, stays zero.
public final class ProjectionHead: Layer, Sendable {
  /// The map W, `[D, inputs]`. The name is that of the published checkpoints.
  private let projection: Linear
  /// Whether vectors are normalized before and after the projection.
  public let normalizes: Bool

  /// Creates a head with weights uniform in `-1/sqrt(inputs)...1/sqrt(inputs)`.
  public init(
    inputs: Int, outputs: Int, normalizes: Bool = true, initialization: Initialization
  ) {
    projection = Linear(
      inputs: inputs, outputs: outputs, bias: false, initialization: initialization)
    self.normalizes = normalizes
  }

  /// `[D, inputs]`.
  public var weight: Parameter { projection.weight }

  public func visit(_ state: inout StateVisitor) { state.child("projection", projection) }

  /// Projects features `[B, inputs]` to embeddings `[B, D]`.
  public func callAsFunction(_ features: Tensor) -> Tensor {
    guard normalizes else { return projection(features) }
    return projection(features.l2Normalized()).l2Normalized()
  }

  /// The same, without gradients of the weights in inference.
  public func callAsFunction(_ features: Tensor, mode: ExecutionMode) -> Tensor {
    guard normalizes else { return projection(features, mode: mode) }
    return projection(features.l2Normalized(), mode: mode).l2Normalized()
  }
}
