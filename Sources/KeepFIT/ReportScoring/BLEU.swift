import Foundation

/// Corpus BLEU of up to four words (Papineni et al., ACL 2002), with the constants of the evaluation
/// code of COCO captions.
enum BLEU {
  /// The longest n-gram.
  static let order = 4

  /// The statistics of samples; corpus scores are computed from their sum.
  struct Statistics: Sendable {
    var hypothesisLength = 0
    /// The length of the reference closest to that of the hypothesis; the shorter one in a tie.
    var referenceLength = 0
    /// n-grams of the hypothesis that also occur in references, at index n - 1.
    var matches = [Int](repeating: 0, count: order)
    /// n-grams of the hypothesis.
    var guesses = [Int](repeating: 0, count: order)

    static func += (sum: inout Statistics, part: Statistics) {
      sum.hypothesisLength += part.hypothesisLength
      sum.referenceLength += part.referenceLength
      for index in 0..<order {
        sum.matches[index] += part.matches[index]
        sum.guesses[index] += part.guesses[index]
      }
    }

    /// BLEU-1 to BLEU-4:
    /// `(Π (matches_k + 1e-15) / (guesses_k + 1e-9))^(1/n) · min(1, exp(1 - reference / hypothesis))`.
    var scores: [Double] {
      let ratio = (Double(hypothesisLength) + 1e-15) / (Double(referenceLength) + 1e-9)
      let penalty = ratio < 1 ? exp(1 - 1 / ratio) : 1
      var product = 1.0
      return (0..<order).map { index in
        product *= (Double(matches[index]) + 1e-15) / (Double(guesses[index]) + 1e-9)
        return pow(product, 1 / Double(index + 1)) * penalty
      }
    }
  }

  /// The statistics of one sample.
  static func statistics(hypothesis: NGrams, references: [NGrams]) -> Statistics {
    var statistics = Statistics()
    let length = hypothesis.wordCount
    statistics.hypothesisLength = length
    statistics.referenceLength =
      references.map(\.wordCount).min { first, second in
        (abs(first - length), first) < (abs(second - length), second)
      } ?? 0
    for index in 0..<order {
      statistics.guesses[index] = max(0, length - index)
      for (gram, count) in hypothesis.counts[index] {
        let most = references.reduce(0) { max($0, $1.counts[index][gram] ?? 0) }
        statistics.matches[index] += min(count, most)
      }
    }
    return statistics
  }
}
