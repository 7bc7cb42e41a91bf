/// Attention through which the texts of labeled images learn from expert texts with similar images
/// (KeepFIT, arXiv 2405.11793, section 2.3): queries are image embeddings of the batch, keys are expert
/// image embeddings, values are expert text embeddings. The batch is the sequence.
///
/// With h heads of d = D/h channels each and four linear maps without bias:
///
///     S_k = (W_q q)_k (W_k k)_k^T / sqrt(d),   A = dropout(softmax(S)),
///     result = W_o [A_1 (W_v v)_1, ..., A_h (W_v v)_h]
///
/// There is no residual and no normalization. The module takes part in pretraining only.
public final class KnowledgeAttention: Module, Sendable {
  /// The axis along which attention weights sum to one.
  public enum Axis: String, Codable, Sendable, CaseIterable {
    /// The keys, as in the paper.
    case keys
    /// The heads, as in the released code, which omits the axis: with one head every weight is 1.
    case heads
  }

  /// The weights of queries, keys, values and the output, `[D, D]` each.
  public let queryWeight, keyWeight, valueWeight, outputWeight: Parameter
  /// The number of heads.
  public let heads: Int
  /// The axis of the softmax.
  public var axis: Axis {
    get { settings.withLock { $0.axis } }
    set { settings.withLock { $0.axis = newValue } }
  }
  /// The dropout of the attention weights in training, published as 0.5.
  public var dropout: Float {
    get { settings.withLock { $0.dropout } }
    set { settings.withLock { $0.dropout = newValue } }
  }

  private let settings: Guarded<(axis: Axis, dropout: Float)>

  /// Creates an attention with weights uniform in `-1/sqrt(D)...1/sqrt(D)`.
  /// - Precondition: the number of heads divides `dimensions`.
  public init(
    dimensions: Int, heads: Int = 2, axis: Axis = .keys, dropout: Float = 0.5,
    initialization: Initialization
  ) {
    precondition(dimensions % heads == 0, "\(heads) heads do not divide \(dimensions) channels")
    self.heads = heads
    settings = Guarded((axis, dropout))
    let bound = 1 / Float(dimensions).squareRoot()
    func weight(_ name: String) -> Parameter {
      Parameter(initialization.derived(name).uniform([dimensions, dimensions], bound: bound))
    }
    queryWeight = weight("W_q")
    keyWeight = weight("W_k")
    valueWeight = weight("W_v")
    outputWeight = weight("W_o")
  }

  public func visit(_ state: inout StateVisitor) {
    state.parameter("W_q.weight", queryWeight)
    state.parameter("W_k.weight", keyWeight)
    state.parameter("W_v.weight", valueWeight)
    state.parameter("W_o.weight", outputWeight)
  }

  /// Averages the values, weighted by the similarity of queries and keys.
  ///
  /// - `queries`: `[B, D]`.
  /// - `keys`: `[E, D]`.
  /// - `values`: `[E, D]`.
  /// - Returns: `[B, D]`.
  public func callAsFunction(
    queries: Tensor, keys: Tensor, values: Tensor, mode: ExecutionMode
  ) -> Tensor {
    let (count, width) = (queries.shape[0], queries.shape[1])
    let (axis, dropout) = settings.withLock { $0 }
    func split(_ x: Tensor, _ weight: Parameter) -> Tensor {
      linear(x, weight: weight.tensor).reshaped([x.shape[0], heads, width / heads])
        .transposed([1, 0, 2])
    }
    let query = split(queries, queryWeight)
    let scores =
      matmul(query, split(keys, keyWeight), transposeB: true)
      * (1 / Float(width / heads).squareRoot())
    var weights = scores.softmax(axis: axis == .keys ? 2 : 0)
    if case .training(let stream) = mode, dropout > 0 { weights = weights.dropout(dropout, stream) }
    let mixed = matmul(weights, split(values, valueWeight)).transposed([1, 0, 2])
    return linear(mixed.reshaped([count, width]), weight: outputWeight.tensor)
  }
}
