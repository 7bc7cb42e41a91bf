import CFundusKernels

/// Keys and values of earlier positions, for autoregressive decoding: position j of row r is row
/// `indices[r, j]` of `positions[j]`.
///
/// Nothing is copied when rows are reordered, as a beam search does at every step: the rows of a step
/// stay where they were computed, and only the indices move.
package struct GatheredKeys {
  /// One tensor `[rows, stride]` per position; several positions may share one.
  package var positions: [Tensor]
  /// Row numbers, `[queries, positions]`.
  package var indices: [Int32]
  /// The first columns of keys and values within a row.
  package var keyColumn: Int, valueColumn: Int

  /// Keys and values that lie side by side in rows.
  package init(positions: [Tensor], indices: [Int32], keyColumn: Int, valueColumn: Int) {
    self.positions = positions
    self.indices = indices
    self.keyColumn = keyColumn
    self.valueColumn = valueColumn
  }
}

/// Attention of one query per row to the keys of that row (see ``GatheredKeys``), without recording
/// gradients.
///
/// The bits of a row depend neither on the other rows nor on the number of threads.
/// - Parameters:
///   - query: `[R, at least width]`, of which the first `width` columns are the queries.
///   - keys: what each row sees; at least one position.
///   - width: D, the features of a query, a key and a value.
///   - heads: a divisor of D.
///   - keepsWeights: whether the softmax is wanted, too.
/// - Returns: `[R, D]`, and `[R, heads, positions]` where it is wanted.
package func gatheredAttention(
  _ query: Tensor, keys: GatheredKeys, width: Int, heads: Int, keepsWeights: Bool = false
) -> (mixed: Tensor, weights: Tensor?) {
  let count = keys.positions.count
  let rows = query.shape[0]
  precondition(
    query.rank == 2 && query.shape[1] >= width && heads > 0 && width % heads == 0 && count > 0
      && keys.indices.count == rows * count,
    "queries of \(query.shape), \(keys.indices.count) indices for \(count) positions, \(heads) heads"
  )
  let stride = keys.positions[0].shape[1]
  precondition(
    keys.positions.allSatisfy { $0.rank == 2 && $0.shape[1] == stride }
      && max(keys.keyColumn, keys.valueColumn) + width <= stride,
    "keys and values do not lie within rows of \(stride)")
  for position in 0..<count {
    let most = Int32(keys.positions[position].shape[0])
    for row in 0..<rows {
      let index = keys.indices[row * count + position]
      precondition(index >= 0 && index < most, "row \(index) of \(most)")
    }
  }
  let mixed = Tensor(uninitialized: [rows, width])
  let weights = keepsWeights ? Tensor(uninitialized: [rows, heads, count]) : nil
  let bases = keys.positions.map(\.pointer)
  let work = count * width * 4
  bases.withUnsafeBufferPointer { bases in
    keys.indices.withUnsafeBufferPointer { indices in
      guard rows > 0, let base = bases.baseAddress, let index = indices.baseAddress else { return }
      let job = fk_gathered_attention_job(
        query: query.pointer, query_stride: query.shape[1], base: base, index: index, keys: count,
        stride: stride, key_column: keys.keyColumn, value_column: keys.valueColumn, width: width,
        heads: heads, scale: 1 / Float(width / heads).squareRoot(), out: mixed.mutablePointer,
        weights: weights?.mutablePointer)
      withUnsafePointer(to: job) { job in
        ThreadPool.forEachRangeUnchecked(rows, grain: max(1, (1 << 17) / work)) { range in
          let scratch = Tensor(uninitialized: [heads * count])
          fk_gathered_attention(job, range.lowerBound, range.upperBound, scratch.mutablePointer)
        }
      }
    }
  }
  return (mixed, weights)
}
