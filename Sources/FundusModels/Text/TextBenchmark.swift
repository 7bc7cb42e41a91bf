import Foundation

/// A benchmark of the text encoder on random tokens.
public struct TextBenchmark: Sendable {
  /// Median and 95th percentile of the time for one batch, in milliseconds.
  public let medianMilliseconds, p95Milliseconds: Double
  /// The number of measured batches.
  public let repetitions: Int

  /// Measures the encoding of batches of distinct random texts without padding.
  ///
  /// - `length`: tokens per text, at most the number of positions of the model.
  /// - `repetitions`: measured batches, after two warm-up batches.
  public static func run(
    _ model: Bert, batchSize: Int, length: Int, repetitions: Int = 10, seed: UInt64 = 0
  ) -> TextBenchmark {
    precondition(batchSize > 0 && length > 0 && repetitions > 0, "nothing to measure")
    var random = RandomStream(seed: seed)
    let size = model.configuration.vocabularySize
    let batch = TokenBatch(
      rows: (0..<batchSize).map { _ in
        (0..<length).map { _ in Int32(random.index(below: size)) }
      })
    let clock = ContinuousClock()
    var times: [Double] = []
    for round in 0..<repetitions + 2 {
      let time = clock.measure {
        Autograd.withoutGradients { _ = model.pooled(batch) }
      }
      if round >= 2 { times.append(time / .milliseconds(1)) }
    }
    times.sort()
    return TextBenchmark(
      medianMilliseconds: times[times.count / 2],
      p95Milliseconds: times[min(times.count - 1, times.count * 95 / 100)],
      repetitions: repetitions)
  }
}
