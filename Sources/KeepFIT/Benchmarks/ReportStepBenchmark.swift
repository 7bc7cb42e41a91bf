import Foundation

/// Measures whole optimizer steps of a report model on random images and words: forward, backward, value
/// clipping, Adam with AMSGrad in two groups, as published.
public struct ReportStepBenchmark: Sendable {
  /// The time of each measured step, in order.
  public let milliseconds: [Double]
  /// Peak tensor memory in bytes, including the model and its optimizer.
  public let peakBytes: Int
  /// The loss of each step, the warm-up step first.
  public let losses: [Float]

  /// Trains a model for a number of steps; its weights change.
  ///
  /// - Parameters:
  ///   - model: what is trained.
  ///   - size: the side of the images in pixels.
  ///   - batchSize: studies of one image each.
  ///   - length: words of each report, besides the zeros at its ends.
  ///   - repetitions: measured steps, after one warm-up step.
  ///   - seed: of images, words and dropout.
  public static func run(
    _ model: ReportModel, size: Int, batchSize: Int, length: Int, repetitions: Int = 5,
    seed: UInt64 = 0
  ) -> ReportStepBenchmark {
    precondition(batchSize > 0 && length > 0 && repetitions > 0, "nothing to measure")
    let random = RandomStream(seed: seed)
    let images = Initialization.random(random.derived("images"))
      .uniform([batchSize, size, size, 3], bound: 2)
    var words = random.derived("words")
    let reports = (0..<batchSize).map { _ in
      [0]
        + (0..<length).map { _ in
          Int32(1 + words.index(below: model.configuration.vocabularySize - 1))
        } + [0]
    }
    var settings = AdamW.Configuration.adam
    settings.weightDecay = 5e-5
    settings.usesMaximum = true
    settings.gradientLimit = 0.1
    let optimizer = GroupedOptimizer([
      AdamW(model.visionParameters, configuration: settings),
      AdamW(model.decoderParameters, configuration: settings),
    ])
    var (times, losses): ([Double], [Float]) = ([], [])
    for step in 0...repetitions {
      if step == 1 { CachingAllocator.shared.resetPeak() }
      let start = ContinuousClock.now
      let loss = model.loss(
        images: images, reports: reports,
        mode: .training(random.derived("step", UInt64(step)))
      ).mean
      loss.backward()
      optimizer.step(learningRates: [5e-5, 1e-4])
      optimizer.zeroGradients()
      losses.append(loss.item)
      if step > 0 { times.append((ContinuousClock.now - start) / .milliseconds(1)) }
    }
    return ReportStepBenchmark(
      milliseconds: times, peakBytes: CachingAllocator.shared.statistics.peakBytesInUse,
      losses: losses)
  }
}
