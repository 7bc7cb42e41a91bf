/// How token embeddings are pooled into one vector.
public enum TextPooling: String, Codable, Sendable, CaseIterable {
  /// The mean over all positions including padding, as published: the vector of a text depends on the longest text
  /// of its batch.
  case allPositions = "all-positions"
  /// The mean over the tokens of the text, without padding.
  case tokens
}

extension Bert {
  /// The layers whose outputs are averaged: the first, the second and the last.
  var pooledLayers: [Int] { [1, 2, configuration.layerCount].map { min($0, layers.count) } }

  /// One vector per text: the mean over positions, averaged over layers 1, 2 and the last (KeepFIT, FLAIR).
  ///
  /// Repeated texts in a batch are encoded once in inference.
  /// - Returns: `[N, D]`.
  public func pooled(
    _ batch: TokenBatch, pooling: TextPooling = .allPositions, mode: ExecutionMode = .inference
  ) -> Tensor {
    if !mode.isTraining, let (distinct, places) = batch.withoutRepetitions {
      return pooled(distinct, pooling: pooling, mode: mode).gathered(places)
    }
    return pooled([batch], pooling: pooling, mode: mode)
  }

  /// The vectors of several batches, each padded separately. They share the matrix products, so that a training
  /// step reads and differentiates the weights once.
  /// - Returns: `[N, D]` for all N texts.
  public func pooled(
    _ batches: [TokenBatch], pooling: TextPooling = .allPositions, mode: ExecutionMode
  ) -> Tensor {
    let rows = BertRows(batches, keepsPadding: pooling == .allPositions)
    guard !rows.sizes.isEmpty else { return Tensor(zeros: [0, configuration.hiddenSize]) }
    let outputs = encode(rows, layers: Set(pooledLayers), mode: mode)
    let means = pooledLayers.map { outputs[$0]!.groupMeans(of: rows.sizes) }
    return (means[0] + means[1] + means[2]) * (1 / 3)
  }
}

extension TokenBatch {
  /// The distinct rows in order of appearance and the index of each row among them; nil if no row repeats. The
  /// padded length stays that of the batch, so that results do not change.
  var withoutRepetitions: (distinct: TokenBatch, places: [Int])? {
    var known: [ArraySlice<Int32>: Int] = [:]
    var kept: [Int] = []
    let places = (0..<count).map { row in
      // Padding is an ordinary token here, so the number of real tokens is part of the key.
      let key = self[row] + [Int32(clamping: lengths[row])]
      if let place = known[key] { return place }
      known[key] = kept.count
      kept.append(row)
      return kept.count - 1
    }
    guard kept.count < count else { return nil }
    let distinct = TokenBatch(
      ids: kept.flatMap { self[$0] }, lengths: kept.map { lengths[$0] }, length: length)
    return (distinct, places)
  }
}
