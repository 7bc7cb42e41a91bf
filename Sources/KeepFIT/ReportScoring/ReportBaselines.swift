import FundusTensor

/// Baselines without a report model: a trained model that does not beat them has learned the language of
/// reports, but not to interpret images.
public enum ReportBaselines {
  /// The most frequent training report; the first one in a tie.
  /// - Parameter texts: training reports, at least one.
  public static func commonest(_ texts: [String]) -> String {
    precondition(!texts.isEmpty, "there are no training reports")
    return CollapseStatistics.commonest(texts).text
  }

  /// For each query, the report of the training image whose embedding is most similar.
  /// - Parameters:
  ///   - queries: embeddings of the images to report on, `[Q, D]`, of any length.
  ///   - training: embeddings of the training images, `[N, D]`, of any length.
  ///   - texts: their reports, N.
  /// - Returns: Q reports.
  /// - Throws: ``TransferError/invalid(_:)`` when sizes do not agree or a value is not finite.
  public static func nearest(
    to queries: Tensor, among training: Tensor, texts: [String]
  ) throws(TransferError) -> [String] {
    guard queries.rank == 2, training.rank == 2, queries.shape[1] == training.shape[1] else {
      throw .invalid(
        "embeddings of shapes \(queries.shape) and \(training.shape) do not match")
    }
    guard training.shape[0] == texts.count else {
      throw .invalid("\(texts.count) reports for \(training.shape[0]) training images")
    }
    let index = try EmbeddingIndex(unitRows(training))
    let width = queries.shape[1]
    let rows = unitRows(queries).scalars
    var reports: [String] = []
    for row in 0..<queries.shape[0] {
      let match = try index.search(Array(rows[row * width..<(row + 1) * width]), count: 1)
      reports.append(texts[match[0].index])
    }
    return reports
  }

  /// The rows scaled to length 1; a row of zeros stays as it is.
  private static func unitRows(_ rows: Tensor) -> Tensor {
    let width = rows.shape[1]
    var values = rows.scalars
    for start in stride(from: 0, to: values.count, by: max(1, width)) {
      let square = values[start..<start + width].reduce(0) { $0 + Double($1) * Double($1) }
      guard square > 0 else { continue }
      let scale = Float(1 / square.squareRoot())
      for index in start..<start + width { values[index] *= scale }
    }
    return Tensor(values, shape: rows.shape)
  }
}
