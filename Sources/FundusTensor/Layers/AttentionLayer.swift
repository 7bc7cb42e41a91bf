/// Multi-head attention with its four projections (Vaswani et al., arXiv 1706.03762):
///
///     y = W_o [A_1 V_1, …, A_h V_h] + b_o,   A_k = dropout(softmax(Q_k K_kᵀ / √(D/h) + mask))
///
/// with Q, K, V = x W_q + b_q and so on. State: `in_proj_weight` `[3 D, D]`, `in_proj_bias` `[3 D]`,
/// `out_proj.weight`, `out_proj.bias`, as PyTorch's `nn.MultiheadAttention`.
public final class MultiHeadAttention: Module, Sendable {
  /// The projections of queries, keys and values, stacked, `[3 D, D]`.
  public let inputWeight: Parameter
  /// Their biases, `[3 D]`.
  public let inputBias: Parameter
  /// The output projection.
  public let output: Linear
  /// The number of heads.
  public let heads: Int
  /// The dropout rate of the attention weights.
  public let dropout: Float

  /// Attention among vectors of D features.
  ///
  /// Input maps are uniform in ±√(6 / 4D) (Glorot), the output map in ±1/√D, biases 0, as in PyTorch.
  /// - Precondition: the heads divide the features.
  public init(
    features: Int, heads: Int, dropout: Float = 0, initialization: Initialization = .next
  ) {
    precondition(
      heads > 0 && features % heads == 0, "\(heads) heads do not divide \(features) features")
    inputWeight = Parameter(
      initialization.derived("in_proj_weight").uniform(
        [3 * features, features], bound: (6 / Float(4 * max(1, features))).squareRoot()))
    inputBias = Parameter(initialization.constant([3 * features], 0))
    output = Linear(
      weight: initialization.derived("out_proj").linear([features, features], inputs: features),
      bias: initialization.constant([features], 0))
    self.heads = heads
    self.dropout = dropout
  }

  /// Registers the state with PyTorch's names.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("in_proj_weight", inputWeight)
    state.parameter("in_proj_bias", inputBias)
    state.child("out_proj", output)
  }

  /// Attention of `query` to `key`, from which `value` is mixed.
  /// - Parameters:
  ///   - query: `[N, Tq, D]`.
  ///   - key: `[N, Tk, D]`; the query if omitted, which is self-attention.
  ///   - value: `[N, Tk, D]`; the key if omitted.
  ///   - mask: the keys that a query attends to.
  ///   - mode: training or inference.
  /// - Returns: `[N, Tq, D]`.
  public func callAsFunction(
    _ query: Tensor, key: Tensor? = nil, value: Tensor? = nil, mask: AttentionMask = .none,
    mode: ExecutionMode
  ) -> Tensor {
    let key = key ?? query
    let maps = inputWeight.tensor(in: mode).chunked(3)
    let biases = inputBias.tensor(in: mode).chunked(3)
    let (rate, stream): (Float, RandomStream?) =
      if case .training(let stream) = mode { (dropout, stream) } else { (0, nil) }
    let mixed = multiHeadAttention(
      query: linear(query, weight: maps[0], bias: biases[0]),
      key: linear(key, weight: maps[1], bias: biases[1]),
      value: linear(value ?? key, weight: maps[2], bias: biases[2]),
      heads: heads, mask: mask, dropout: rate, stream: stream)
    return output(mixed, mode: mode)
  }
}
