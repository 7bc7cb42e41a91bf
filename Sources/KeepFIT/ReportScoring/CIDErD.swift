import Foundation

/// CIDEr-D (Vedantam et al., CVPR 2015): cosine of tf-idf weighted n-grams, clipped, with a Gaussian
/// penalty on the difference in length. Document frequencies are those of the scored references.
struct CIDErD: Sendable {
  private static let sigma = 6.0

  /// The n-grams of the references, with the number of samples that have each, at index n - 1.
  private let frequencies: [[NGrams.Gram: Int]]
  private let logarithmOfCount: Double

  /// - Parameter references: for each sample, the n-grams of its references.
  init(references: [[NGrams]]) {
    var frequencies = [[NGrams.Gram: Int]](repeating: [:], count: BLEU.order)
    for sample in references {
      for index in 0..<BLEU.order {
        var grams = Set<NGrams.Gram>()
        for reference in sample { grams.formUnion(reference.counts[index].keys) }
        for gram in grams { frequencies[index][gram, default: 0] += 1 }
      }
    }
    self.frequencies = frequencies
    logarithmOfCount = log(Double(references.count))
  }

  /// Whether every n-gram has weight 0, so that every score is 0: each occurs in every sample.
  var hasNoWeight: Bool {
    frequencies.allSatisfy { counts in
      counts.values.allSatisfy { log(Double($0)) >= logarithmOfCount }
    }
  }

  /// The score of one sample, averaged over its references and over n = 1 to 4, times 10.
  func score(hypothesis: NGrams, references: [NGrams]) -> Double {
    let weighted = (0..<BLEU.order).map { weights(of: hypothesis, index: $0) }
    let norms = weighted.map { norm(of: $0) }
    var sum = 0.0
    for reference in references {
      let difference = Double(bigrams(hypothesis) - bigrams(reference))
      let penalty = exp(-(difference * difference) / (2 * Self.sigma * Self.sigma))
      for index in 0..<BLEU.order {
        let other = weights(of: reference, index: index)
        var product = 0.0
        // In the order of the values, so that sums do not depend on the order of a dictionary.
        for term in weighted[index].compactMap({ gram, weight in
          other[gram].map { min(weight, $0) * $0 }
        }).sorted() {
          product += term
        }
        let scale = norms[index] * norm(of: other)
        if scale > 0 { product /= scale }
        sum += product * penalty
      }
    }
    return 10 * sum / Double(BLEU.order) / Double(references.count)
  }

  private func bigrams(_ text: NGrams) -> Int { max(0, text.wordCount - 1) }

  private func weights(of text: NGrams, index: Int) -> [NGrams.Gram: Double] {
    var weights: [NGrams.Gram: Double] = [:]
    for (gram, count) in text.counts[index] {
      let documents = Double(max(1, frequencies[index][gram] ?? 0))
      weights[gram] = Double(count) * (logarithmOfCount - log(documents))
    }
    return weights
  }

  private func norm(of weights: [NGrams.Gram: Double]) -> Double {
    weights.values.map { $0 * $0 }.sorted().reduce(0, +).squareRoot()
  }
}
