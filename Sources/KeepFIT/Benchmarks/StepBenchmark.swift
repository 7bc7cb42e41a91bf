import Foundation

/// Measures whole optimizer steps of the KeepFIT objective on random images and tokens: forward,
/// backward, clipping, AdamW.
public struct StepBenchmark: Sendable {
  /// The time of each measured step, in order.
  public let milliseconds: [Double]
  /// Peak tensor memory in bytes, including the model and its optimizer.
  public let peakBytes: Int
  /// The loss of each step, to compare runs on the same input.
  public let losses: [Float]

  /// Trains a model for a number of steps; its weights change.
  ///
  /// - `batchSize`: images of each of the two streams.
  /// - `length`: tokens of each text.
  /// - `repetitions`: measured steps, after one warm-up step.
  public static func run(
    _ model: KeepFITModel, size: Int, batchSize: Int, length: Int, repetitions: Int = 5,
    recomputes: Bool = false, seed: UInt64 = 0
  ) -> StepBenchmark {
    precondition(batchSize > 0 && length > 0 && repetitions > 0, "nothing to measure")
    var settings = PretrainingConfiguration()
    settings.recomputesActivations = recomputes
    model.prepareForPretraining(settings)
    let random = RandomStream(seed: seed)
    func samples(_ name: String) -> (images: Tensor, tokens: TokenBatch) {
      let images = Initialization.random(random.derived(name))
        .uniform([batchSize, size, size, 3], bound: 0.5).scaled(by: 1, plus: 0.5)
      var words = random.derived("words").derived(name)
      let rows = (0..<batchSize).map { _ in
        (0..<length).map { _ in
          Int32(words.index(below: model.configuration.text.vocabularySize))
        }
      }
      return (images, TokenBatch(rows: rows))
    }
    let streams = [samples("labeled"), samples("expert")]
    let optimizer = AdamW(model.parameters.filter { $0.parameter.isTrainable })
    var (times, losses): ([Double], [Float]) = ([], [])
    for step in 0...repetitions {
      if step == 1 { CachingAllocator.shared.resetPeak() }
      let start = ContinuousClock.now
      let mode = random.derived("step", UInt64(step))
      let texts = model.encode(
        tokens: streams.map(\.tokens), mode: .training(mode.derived("text")))
      let encoded = zip(streams, texts).map { stream, texts in
        EncodedStream(
          images: model.encode(images: stream.images, mode: .training(mode.derived("vision"))),
          texts: texts, targets: ContrastiveLoss.pairTargets(batchSize))
      }
      let loss = KeepFITObjective().terms(
        EncodedBatch(labeled: encoded[0], expert: encoded[1]), heads: model.heads,
        mode: .training(mode.derived("objective"))
      ).loss
      loss.backward()
      let norm = GradientNorm(of: optimizer.parameters, limit: 1)
      optimizer.step(learningRate: 1e-5, gradientScale: norm.scale)
      optimizer.zeroGradients()
      losses.append(loss.item)
      if step > 0 { times.append((ContinuousClock.now - start) / .milliseconds(1)) }
    }
    return StepBenchmark(
      milliseconds: times,
      peakBytes: CachingAllocator.shared.statistics.peakBytesInUse, losses: losses)
  }
}
