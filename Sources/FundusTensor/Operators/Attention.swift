import CFundusKernels

/// The mask of attention: the keys that a query attends to.
public enum AttentionMask: Sendable {
  /// All of them.
  case none
  /// The first `lengths[n]` keys of sequence n; the rest is padding.
  case lengths([Int])
  /// Query i sees keys up to i, counted so that the last query sees the last key.
  case causal
  /// Added to the scaled scores: `[N, Tq, Tk]`, or `[Tq, Tk]` for all. -infinity hides a key. No
  /// gradient flows into it.
  case additive(Tensor)
}

/// Scaled dot-product attention with several heads (Vaswani et al., arXiv 1706.03762).
///
/// With h heads, head k has the channels `k D/h ..< (k + 1) D/h`, and
/// `result_k = dropout(softmax(Q_k K_kᵀ / √(D/h) + mask)) V_k`. The projections before and after are not
/// included. A query without keys gets zeros.
///
/// - `query`: `[N, Tq, D]`.
/// - `key`: `[N, Tk, D]`.
/// - `value`: `[N, Tk, D]`.
/// - `heads`: a divisor of D.
/// - `dropout`: the rate for the attention weights; needs a stream when positive.
/// - Returns: `[N, Tq, D]`.
public func multiHeadAttention(
  query: Tensor, key: Tensor, value: Tensor, heads: Int, mask: AttentionMask = .none,
  dropout: Float = 0, stream: RandomStream? = nil
) -> Tensor {
  precondition(
    query.rank == 3 && key.rank == 3 && key.shape == value.shape
      && query.shape[0] == key.shape[0] && query.shape[2] == key.shape[2],
    "attention of \(query.shape) to \(key.shape) and \(value.shape)")
  let layout = AttentionLayout(
    count: query.shape[0], queries: query.shape[1], keys: key.shape[1], mask: mask)
  let plan = AttentionPlan(
    layout: layout, width: query.shape[2], heads: heads, dropout: dropout, stream: stream)
  let width = query.shape[2]
  let isRecorded = isRecorded(query, key, value)
  let result = Tensor(uninitialized: query.shape)
  let weights = plan.forward(
    AttentionOperands(
      query: query.pointer, key: key.pointer, value: value.pointer, queryStride: width,
      keyStride: width),
    into: result.mutablePointer, keepsWeights: isRecorded)
  return result.recording(query, key, value) {
    [query = query.detached, key = key.detached, value = value.detached] gradient in
    let gradients = [query, key, value].map { Tensor(uninitialized: $0.shape) }
    plan.backward(
      AttentionOperands(
        query: query.pointer, key: key.pointer, value: value.pointer, queryStride: width,
        keyStride: width),
      weights: weights, gradient: gradient.pointer,
      into: AttentionOperands(
        query: gradients[0].mutablePointer, key: gradients[1].mutablePointer,
        value: gradients[2].mutablePointer, queryStride: width, keyStride: width))
    return gradients
  }
}

/// Attention within sequences whose queries, keys and values are concatenated in rows `[R, 3 D]`, as computed
/// by one product with three weights.
/// - Returns: `[R, D]`.
package func selfAttention(
  _ rows: Tensor, heads: Int, layout: AttentionLayout, dropout: Float = 0,
  stream: RandomStream? = nil
) -> Tensor {
  precondition(
    rows.rank == 2 && rows.shape[1] % 3 == 0 && rows.shape[0] == layout.rowCount,
    "rows of \(rows.shape) for attention within \(layout.rowCount) rows")
  let width = rows.shape[1] / 3
  let plan = AttentionPlan(
    layout: layout, width: width, heads: heads, dropout: dropout, stream: stream)
  let isRecorded = isRecorded(rows)
  let result = Tensor(uninitialized: [rows.shape[0], width])
  let weights = plan.forward(
    AttentionOperands(sideBySide: rows.pointer, width: width), into: result.mutablePointer,
    keepsWeights: isRecorded)
  return result.recording(rows) { [rows = rows.detached] gradient in
    let rowsGradient = Tensor(uninitialized: rows.shape)
    plan.backward(
      AttentionOperands(sideBySide: rows.pointer, width: width), weights: weights,
      gradient: gradient.pointer,
      into: AttentionOperands(sideBySide: rowsGradient.mutablePointer, width: width))
    return [rowsGradient]
  }
}
