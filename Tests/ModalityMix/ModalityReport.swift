import FundusTensor
import MMRetinalData
import Synchronization

extension ModalityMix {
  /// What is measured of a sample.
  public struct Measured: Sendable {
    /// The features of the classifier.
    package let features: ModalityFeatures
    /// The colors, for the published method.
    public let colors: ColorHistogram
    /// How the image was taken.
    public let modality: BookModality
    /// How it was made.
    public let origin: String
  }

  /// Measures the first samples of the mix, on all threads.
  public func measured(_ count: Int) -> [Measured] {
    let results = Mutex([Measured?](repeating: nil, count: count))
    ThreadPool.forEach(count) { index in
      let sample = self[index]
      let measured = Measured(
        features: ModalityFeatures(of: sample.image), colors: ColorHistogram(of: sample.image),
        modality: sample.modality, origin: sample.origin)
      results.withLock { $0[index] = measured }
    }
    return results.withLock { $0.compactMap(\.self) }
  }
}

/// How often the classifier is right, with the published method beside it.
public struct ModalityReport: Sendable {
  /// The share of samples whose modality is recognized.
  public let accuracy: Float
  /// The share of samples that are left for review.
  public let reviewed: Float
  /// The share of samples that are wrong and not left for review.
  public let wrongAndSure: Float
  /// The share of retinal samples that the published method puts into the right cluster.
  public let published: Float
  /// The errors by origin: how many samples, how many of them wrong.
  public let origins: [String: (count: Int, wrong: Int)]

  /// Measures a network.
  package init(network: ModalityNetwork, samples: [ModalityMix.Measured]) {
    var (wrong, unsure, sure) = (0, 0, 0)
    var origins: [String: (count: Int, wrong: Int)] = [:]
    for sample in samples {
      let values = network.probabilities(sample.features)
      let order = values.indices.sorted { values[$0] > values[$1] }
      let isWrong = BookModality.allCases[order[0]] != sample.modality
      origins[sample.origin, default: (0, 0)].count += 1
      if isWrong {
        wrong += 1
        origins[sample.origin]?.wrong += 1
      }
      if values[order[0]] - values[order[1]] < ModalityClassifier.reviewMargin {
        unsure += 1
      } else if isWrong {
        sure += 1
      }
    }
    let count = Float(samples.count)
    accuracy = 1 - Float(wrong) / count
    reviewed = Float(unsure) / count
    wrongAndSure = Float(sure) / count
    self.origins = origins
    let retinal = samples.filter { $0.modality != .other }
    let verdicts = ModalitySorting(retinal.map(\.colors)).verdicts
    let right = zip(retinal, verdicts).count {
      $0.0.modality.rawValue == $0.1.modality.rawValue
    }
    published = Float(right) / Float(retinal.count)
  }

  /// The figures as lines of text.
  public var text: String {
    var lines = [
      "right: \(accuracy)", "left for review: \(reviewed)",
      "wrong and not left for review: \(wrongAndSure)",
      "published method, on the retinal images only: \(published)",
    ]
    for (origin, counts) in origins.sorted(by: { $0.key < $1.key }) where counts.wrong > 0 {
      lines.append("  \(origin): \(counts.wrong) of \(counts.count) wrong")
    }
    return lines.joined(separator: "\n")
  }
}
