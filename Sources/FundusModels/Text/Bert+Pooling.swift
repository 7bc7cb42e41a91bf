/// How the tokens of a text become one vector.
public enum TextPooling: String, Codable, Sendable, CaseIterable {
  /// The mean over all positions, padding included, as published: the vector of a text depends on
  /// the longest text that is encoded with it.
  case allPositions = "all-positions"
  /// The mean over the text's own tokens; padding costs nothing.
  case tokens
}

extension Bert {
  /// The layers whose outputs are averaged: the first, the second and the last.
  var pooledLayers: [Int] { [1, 2, configuration.layerCount].map { min($0, layers.count) } }

  /// One vector for each text: the mean over positions of layers 1, 2 and the last, averaged
  /// (KeepFIT, FLAIR).
  ///
  /// Texts that occur twice in a batch are encoded once when nothing random is involved.
  /// - Returns: `[N, D]`.
  public func pooled(
    _ batch: TokenBatch, pooling: TextPooling = .allPositions, mode: ExecutionMode = .inference
  ) -> Tensor {
    if !mode.isTraining, let (distinct, places) = batch.withoutRepetitions {
      return pooled(distinct, pooling: pooling, mode: mode).gathered(places)
    }
    return pooled([batch], pooling: pooling, mode: mode)
  }

  /// The vectors of several batches, each padded for itself, one batch after the other. They share
  /// the products, so that a training step reads, and differentiates, the weights once.
  /// - Returns: `[N, D]`, N texts together.
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
  /// The distinct rows in order of appearance and where each row is among them; nil when no row
  /// repeats. The length stays that of the whole batch, so that nothing changes for a text.
  var withoutRepetitions: (distinct: TokenBatch, places: [Int])? {
    var known: [ArraySlice<Int32>: Int] = [:]
    var kept: [Int] = []
    let places = (0..<count).map { row in
      // Padding is a token like any other here, so the number of real ones is part of the key.
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
