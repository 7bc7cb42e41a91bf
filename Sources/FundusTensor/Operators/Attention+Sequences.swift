extension AttentionLayout {
  /// Sequences one after the other in which every query sees the keys up to its own position.
  /// - Parameter lengths: the rows of each sequence.
  package init(causal lengths: [Int]) {
    self.init(queries: lengths, keys: lengths, isCausal: true)
  }

  /// Sequences one after the other whose queries see all keys of their own sequence.
  /// - Parameters:
  ///   - queries: the rows of queries of each sequence.
  ///   - keys: the rows of keys and values of each sequence.
  package init(queries: [Int], keys: [Int]) {
    self.init(queries: queries, keys: keys, isCausal: false)
  }

  private init(queries: [Int], keys: [Int], isCausal: Bool) {
    precondition(
      queries.count == keys.count && (queries + keys).allSatisfy { $0 >= 0 },
      "\(queries) rows of queries for \(keys) rows of keys")
    var first = (query: 0, key: 0)
    sequences = zip(queries, keys).map { queryCount, keyCount in
      defer { first = (first.query + queryCount, first.key + keyCount) }
      return Sequence(
        query: first.query, queryCount: queryCount, key: first.key, keyCount: keyCount,
        keyRows: keyCount)
    }
    self.isCausal = isCausal
    mask = nil
  }

  /// Rows of the keys of all sequences together.
  var keyRowCount: Int { sequences.last.map { $0.key + $0.keyRows } ?? 0 }
}

/// Attention of queries to keys and values of other rows, concatenated as computed by one product with two
/// weights.
/// - Parameters:
///   - query: `[Rq, D]`.
///   - keyValue: `[Rk, 2 D]`.
///   - heads: a divisor of D.
///   - layout: the rows of each sequence.
///   - dropout: the rate for the attention weights; needs a stream when positive.
///   - stream: the random numbers of the dropout.
/// - Returns: `[Rq, D]`.
package func crossAttention(
  _ query: Tensor, keyValue: Tensor, heads: Int, layout: AttentionLayout, dropout: Float = 0,
  stream: RandomStream? = nil
) -> Tensor {
  let width = query.shape[1]
  precondition(
    query.rank == 2 && keyValue.rank == 2 && keyValue.shape[1] == 2 * width
      && query.shape[0] == layout.rowCount && keyValue.shape[0] == layout.keyRowCount,
    "attention of \(query.shape) to \(keyValue.shape) in \(layout.rowCount) rows")
  let plan = AttentionPlan(
    layout: layout, width: width, heads: heads, dropout: dropout, stream: stream)
  let isRecorded = isRecorded(query, keyValue)
  let result = Tensor(uninitialized: query.shape)
  func operands(_ query: Tensor, _ keyValue: Tensor) -> AttentionOperands {
    AttentionOperands(
      query: query.pointer, key: keyValue.pointer, value: keyValue.pointer + width,
      queryStride: width, keyStride: 2 * width)
  }
  let weights = plan.forward(
    operands(query, keyValue), into: result.mutablePointer, keepsWeights: isRecorded)
  return result.recording(query, keyValue) {
    [query = query.detached, keyValue = keyValue.detached] gradient in
    let gradients = [query, keyValue].map { Tensor(uninitialized: $0.shape) }
    plan.backward(
      operands(query, keyValue), weights: weights, gradient: gradient.pointer,
      into: operands(gradients[0], gradients[1]))
    return gradients
  }
}
