import CFundusKernels

/// Where the queries and keys of each sequence lie among all rows, and which keys are seen.
package struct AttentionLayout: Sendable {
  struct Sequence {
    /// First row and number of the queries.
    let query: Int, queryCount: Int
    /// First row of the keys, how many are seen, and how many rows they have with padding.
    let key: Int, keyCount: Int, keyRows: Int
  }

  let sequences: [Sequence]
  /// Rows of all sequences together.
  var rowCount: Int { sequences.last.map { $0.query + $0.queryCount } ?? 0 }
  let isCausal: Bool
  let mask: Tensor?

  init(count: Int, queries: Int, keys: Int, mask: AttentionMask) {
    var lengths = Array(repeating: keys, count: count)
    if case .lengths(let given) = mask {
      precondition(
        given.count == count && given.allSatisfy { (0...keys).contains($0) },
        "lengths \(given) for \(count) sequences of \(keys) keys")
      lengths = given
    }
    if case .additive(let tensor) = mask {
      precondition(
        tensor.shape == [queries, keys] || tensor.shape == [count, queries, keys],
        "a mask of \(tensor.shape) for \(count) sequences, \(queries) queries, \(keys) keys")
      self.mask = tensor.detached
    } else {
      self.mask = nil
    }
    if case .causal = mask {
      precondition(keys >= queries, "\(queries) queries would not see \(keys) keys in order")
      isCausal = true
    } else {
      isCausal = false
    }
    sequences = (0..<count).map {
      Sequence(
        query: $0 * queries, queryCount: queries, key: $0 * keys, keyCount: lengths[$0],
        keyRows: keys)
    }
  }

  /// Sequences one after the other, of `rows[n]` rows, of which the first `lengths[n]` are seen as keys.
  package init(lengths: [Int], rows: [Int]) {
    precondition(
      lengths.count == rows.count && zip(lengths, rows).allSatisfy { (0...$1).contains($0) },
      "lengths \(lengths) for sequences of \(rows) rows")
    var start = 0
    sequences = zip(lengths, rows).map { length, rows in
      defer { start += rows }
      return Sequence(query: start, queryCount: rows, key: start, keyCount: length, keyRows: rows)
    }
    isCausal = false
    mask = nil
  }

  /// The mask of a sequence, `[queries, keys]`.
  func maskPointer(_ sequence: Int) -> UnsafePointer<Float>? {
    guard let mask else { return nil }
    let size = mask.shape[mask.rank - 2] * mask.shape[mask.rank - 1]
    return mask.pointer + (mask.rank == 3 ? sequence * size : 0)
  }
}

/// First elements of the three inputs, or of their gradients, and the distances of their rows.
struct AttentionOperands {
  let query, key, value: UnsafePointer<Float>
  let queryStride, keyStride: Int

  init(
    query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>,
    queryStride: Int, keyStride: Int
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.queryStride = queryStride
    self.keyStride = keyStride
  }

  init(sideBySide rows: UnsafePointer<Float>, width: Int) {
    self.init(
      query: rows, key: rows + width, value: rows + 2 * width, queryStride: 3 * width,
      keyStride: 3 * width)
  }
}

/// Attention over all sequences and heads; each pair of them is a piece of work that stays in the
/// second-level cache.
struct AttentionPlan {
  let layout: AttentionLayout
  let width: Int
  let heads: Int
  let dropout: Float
  let stream: RandomStream?
  /// Where the weights of each sequence begin; heads follow one another, each on a multiple of 128,
  /// which is what the random numbers of dropout are counted in.
  private let starts: [Int]

  init(
    layout: AttentionLayout, width: Int, heads: Int, dropout: Float, stream: RandomStream?
  ) {
    precondition(heads > 0 && width % heads == 0, "\(heads) heads do not divide \(width) channels")
    precondition(dropout >= 0 && dropout < 1, "a dropout rate of \(dropout) is outside of 0..<1")
    precondition(dropout == 0 || stream != nil, "dropout needs a random stream")
    self.layout = layout
    self.width = width
    self.heads = heads
    self.dropout = dropout
    self.stream = stream
    var starts = [0]
    for sequence in layout.sequences {
      let size = Self.padded(sequence.queryCount * sequence.keyCount)
      starts.append(starts[starts.count - 1] + size * heads)
    }
    self.starts = starts
  }

  private static func padded(_ count: Int) -> Int { (count + 127) / 128 * 128 }

  private struct Piece {
    let sequence: AttentionLayout.Sequence
    let index: Int
    /// The first channel of the head, and where its weights begin.
    let channel: Int, weights: Int
    var size: Int { sequence.queryCount * sequence.keyCount }
  }

  private func forEachPiece(_ body: (Piece) -> Void) {
    let size = layout.sequences.reduce(1) { max($0, $1.queryCount * $1.keyCount) }
    let work = size * (2 * width / heads + 16)
    ThreadPool.forEachRangeUnchecked(
      layout.sequences.count * heads, grain: max(1, (1 << 18) / work)
    ) {
      for index in $0 {
        let (number, head) = index.quotientAndRemainder(dividingBy: heads)
        let sequence = layout.sequences[number]
        body(
          Piece(
            sequence: sequence, index: number, channel: head * (width / heads),
            weights: starts[number]
              + head * Self.padded(sequence.queryCount * sequence.keyCount)))
      }
    }
  }

  /// Writes the result, rows of `width`, and returns the attention weights before dropout if they
  /// are wanted.
  func forward(
    _ input: AttentionOperands, into output: UnsafeMutablePointer<Float>, keepsWeights: Bool
  ) -> Tensor? {
    let kept = keepsWeights ? Tensor(uninitialized: [starts[starts.count - 1]]) : nil
    let depth = width / heads
    let scale = 1 / Float(depth).squareRoot()
    forEachPiece { piece in
      let sequence = piece.sequence
      let (queries, keys) = (sequence.queryCount, sequence.keyCount)
      let scratch = Tensor(uninitialized: [keepsWeights && dropout == 0 ? 0 : piece.size])
      let weights = kept.map { $0.mutablePointer + piece.weights } ?? scratch.mutablePointer
      BLAS.multiply(
        input.query + sequence.query * input.queryStride + piece.channel, transposed: false,
        stride: input.queryStride, input.key + sequence.key * input.keyStride + piece.channel,
        transposed: true, stride: input.keyStride, into: weights, stride: keys, rows: queries,
        columns: keys, inner: depth)
      fk_attention_softmax(
        weights, queries, keys, scale, layout.isCausal ? keys - queries + 1 : keys,
        layout.maskPointer(piece.index))
      var applied = UnsafePointer(weights)
      if dropout > 0, let stream {
        fk_dropout(
          weights, scratch.mutablePointer, piece.size, piece.weights, stream.key, stream.stream,
          dropout)
        applied = scratch.pointer
      }
      BLAS.multiply(
        applied, transposed: false, stride: keys,
        input.value + sequence.key * input.keyStride + piece.channel, transposed: false,
        stride: input.keyStride, into: output + sequence.query * width + piece.channel,
        stride: width, rows: queries, columns: depth, inner: keys)
    }
    return kept
  }

  /// Writes the gradients of queries, keys and values; those of padding keys are zero.
  func backward(
    _ input: AttentionOperands, weights: Tensor?, gradient: UnsafePointer<Float>,
    into result: AttentionOperands
  ) {
    guard let weights else { preconditionFailure("the weights were not kept") }
    let depth = width / heads
    let scale = 1 / Float(depth).squareRoot()
    forEachPiece { piece in
      let sequence = piece.sequence
      let (queries, keys) = (sequence.queryCount, sequence.keyCount)
      let key = sequence.key * input.keyStride + piece.channel
      let query = sequence.query * input.queryStride + piece.channel
      let gradient = gradient + sequence.query * width + piece.channel
      let p = weights.pointer + piece.weights
      // dP = dO Vᵀ, dS = P (dP - Σ dP P) / √d, dQ = dS K, dK = dSᵀ Q, dV = Pᵀ dO, where dropout
      // stands between P and the product with V.
      let scores = Tensor(uninitialized: [piece.size])
      let dropped = Tensor(uninitialized: [dropout > 0 ? piece.size : 0])
      BLAS.multiply(
        gradient, transposed: false, stride: width, input.value + key, transposed: true,
        stride: input.keyStride, into: scores.mutablePointer, stride: keys, rows: queries,
        columns: keys, inner: depth)
      if dropout > 0, let stream {
        for (from, to) in [(p, dropped), (scores.pointer, scores)] {
          fk_dropout(
            from, to.mutablePointer, piece.size, piece.weights, stream.key, stream.stream, dropout)
        }
      }
      let applied = dropout > 0 ? dropped.pointer : p
      fk_attention_softmax_backward(p, scores.mutablePointer, queries, keys, scale)
      BLAS.multiply(
        applied, transposed: true, stride: keys, gradient, transposed: false, stride: width,
        into: UnsafeMutablePointer(mutating: result.value + key), stride: result.keyStride,
        rows: keys, columns: depth, inner: queries)
      BLAS.multiply(
        scores.pointer, transposed: false, stride: keys, input.key + key, transposed: false,
        stride: input.keyStride, into: UnsafeMutablePointer(mutating: result.query + query),
        stride: result.queryStride, rows: queries, columns: depth, inner: keys)
      BLAS.multiply(
        scores.pointer, transposed: true, stride: keys, input.query + query, transposed: false,
        stride: input.queryStride, into: UnsafeMutablePointer(mutating: result.key + key),
        stride: result.keyStride, rows: keys, columns: depth, inner: queries)
      for row in keys..<sequence.keyRows {
        for pointer in [result.key, result.value] {
          UnsafeMutablePointer(mutating: pointer + key + row * result.keyStride)
            .update(repeating: 0, count: depth)
        }
      }
    }
  }
}
