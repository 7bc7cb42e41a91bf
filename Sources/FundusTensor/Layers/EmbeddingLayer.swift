/// An embedding table with a vector for each id: y = W[id].
///
/// State: `weight`, as PyTorch's `nn.Embedding`.
public final class Embedding: Module, Sendable {
  /// W, `[count, features]`.
  public let weight: Parameter
  /// The id whose row receives no gradient; nil for none.
  public let padding: Int32?

  /// A table with values of the normal distribution, as in PyTorch.
  /// - Parameters:
  ///   - count: the number of ids.
  ///   - features: the length of the vectors.
  ///   - deviation: the standard deviation of the values.
  ///   - padding: the id whose row receives no gradient.
  ///   - initialization: the initialization of the parameters.
  public init(
    count: Int, features: Int, deviation: Float = 1, padding: Int32? = nil,
    initialization: Initialization = .next
  ) {
    weight = Parameter(
      initialization.derived("weight").normal([count, features], deviation: deviation))
    self.padding = padding
  }

  /// Registers the state with PyTorch's names.
  public func visit(_ state: inout StateVisitor) { state.parameter("weight", weight) }

  /// The vectors of ids: `shape + [features]`.
  /// - Parameters:
  ///   - ids: all below the size of the table, in row-major order.
  ///   - shape: their shape; a vector if omitted.
  ///   - mode: whether gradients reach the table.
  public func callAsFunction(
    _ ids: [Int32], shape: [Int]? = nil, mode: ExecutionMode
  ) -> Tensor {
    Tensor.embedding(
      weight.tensor(in: mode), ids: ids, shape: shape ?? [ids.count], padding: padding)
  }
}
