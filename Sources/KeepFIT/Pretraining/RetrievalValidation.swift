/// Retrieval recall at k, from image to text and from text to image.
public struct RetrievalScores: Sendable, Equatable {
  /// Named values: the mean of all recalls first.
  public let values: [(name: String, value: Float)]

  public static func == (a: Self, b: Self) -> Bool {
    a.values.map(\.name) == b.values.map(\.name) && a.values.map(\.value) == b.values.map(\.value)
  }

  /// Scores pairs, in which row i of both sides belong together. A match is found if fewer than k wrong
  /// candidates are at least as similar, so that a model with constant embeddings scores zero.
  ///
  /// - `images`: unit vectors `[N, D]`.
  /// - `texts`: unit vectors `[N, D]`.
  public init(images: Tensor, texts: Tensor, ks: [Int] = [1, 5, 10]) {
    let count = images.shape[0]
    var results: [(name: String, value: Float)] = []
    for (name, queries, candidates) in [("i2t", images, texts), ("t2i", texts, images)] {
      let better = Self.betterCounts(queries, candidates)
      for k in ks {
        let found = better.count { $0 < k }
        results.append(("\(name)_recall@\(k)", count == 0 ? .nan : Float(found) / Float(count)))
      }
    }
    let mean = results.map(\.value).reduce(0, +) / Float(max(1, results.count))
    values = [("mean_recall", mean)] + results
  }

  /// The number of queries whose similarities are in memory at once.
  private static let block = 256

  /// For each query, the number of other candidates that are at least as similar as its own. Similarities are
  /// computed for a block of queries at a time, so that memory is linear in N.
  private static func betterCounts(_ queries: Tensor, _ candidates: Tensor) -> [Int] {
    let count = queries.shape[0]
    return stride(from: 0, to: count, by: block).flatMap { start -> [Int] in
      let range = start..<min(start + block, count)
      let rows = Autograd.withoutGradients {
        matmul(queries.sliced(axis: 0, range), candidates, transposeB: true)
      }.scalars
      return range.map { query in
        let row = rows[(query - start) * count..<(query - start + 1) * count]
        let right = row[row.startIndex + query]
        // NaN must not count as a match.
        return row.indices.count { $0 != row.startIndex + query && !(row[$0] < right) }
      }
    }
  }
}

/// Retrieval validation on held-out image-text pairs.
public final class RetrievalValidation: PretrainingValidation {
  /// Returns the next batch of pairs, nil after the last.
  public typealias Samples = () throws -> PretrainingSamples?

  private let makeSamples: () -> Samples

  /// - Parameter makeSamples: called at each validation; returns a source that starts at the first pair.
  public init(_ makeSamples: @escaping () -> Samples) { self.makeSamples = makeSamples }

  public func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)] {
    var images: [Tensor] = []
    var texts: [Tensor] = []
    let next = makeSamples()
    try Autograd.withoutGradients {
      while let samples = try next() {
        images.append(model.imageEmbeddings(samples.images))
        texts.append(model.textEmbeddings(samples.texts))
      }
    }
    guard !images.isEmpty else {
      throw PretrainingError.configuration("there are no pairs to validate with")
    }
    return RetrievalScores(images: .concatenated(images), texts: .concatenated(texts)).values
  }
}
