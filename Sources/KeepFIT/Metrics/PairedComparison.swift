import Foundation

/// A paired comparison of two methods on the same test images: an entry of `comparisons` in `results.json`.
///
/// Images (or groups) are resampled with replacement, the same ones for both methods, within each class as in
/// the other intervals; the difference is computed on each draw. The test is two-sided: twice the smaller
/// fraction of draws on either side of zero, with one draw added to each (Davison and Hinkley, 1997). It covers
/// the choice of test images, not that of the training images.
public struct PairedComparison: Sendable, Codable, Equatable {
  /// The methods with their numbers of training images.
  public let first: String, second: String
  /// The score: `aca` (balanced accuracy), `auc_avg` or `auc_macro` (mean AUC).
  public let metric: String
  /// The score of the first method minus that of the second.
  public let difference: Double
  /// The 95 % confidence interval of the difference: percentiles of the draws.
  public let lower: Double, upper: Double
  /// The p-value, not corrected for the number of comparisons.
  public let p: Double
  /// The p-value after Holm's correction for all comparisons of this score.
  public var holm: Double
  /// The number of draws.
  public let resamples: Int
  /// The number of independent images or groups.
  public let images: Int

  private enum CodingKeys: String, CodingKey {
    case first, second, metric, difference, lower, upper, p, resamples, images
    case holm = "p_holm"
  }

  /// Summarizes draws of a difference.
  package init(
    first: String, second: String, metric: String, difference: Double, draws: [Double], images: Int
  ) {
    let sorted = draws.sorted()
    self.first = first
    self.second = second
    self.metric = metric
    self.difference = difference
    lower = min(difference, ConfidenceInterval.quantile(0.025, of: sorted))
    upper = max(difference, ConfidenceInterval.quantile(0.975, of: sorted))
    let below = Double(draws.count { $0 <= 0 } + 1)
    let above = Double(draws.count { $0 >= 0 } + 1)
    p = min(1, 2 * min(below, above) / Double(draws.count + 1))
    holm = p
    resamples = draws.count
    self.images = images
  }

  /// Whether one of the two methods is the best one by this score: no difference is in favor of another.
  func isWithBest(of comparisons: [PairedComparison]) -> Bool {
    let own = comparisons.filter { $0.metric == metric }
    let names = own.flatMap { [$0.first, $0.second] }
    let best = names.first { name in
      own.allSatisfy {
        ($0.first != name || $0.difference >= 0) && ($0.second != name || $0.difference <= 0)
      }
    }
    return first == best || second == best
  }

  /// Adds Holm's correction over comparisons of one score.
  package static func corrected(_ comparisons: [PairedComparison]) -> [PairedComparison] {
    var result = comparisons
    let order = comparisons.indices.sorted { comparisons[$0].p < comparisons[$1].p }
    var largest = 0.0
    for (rank, index) in order.enumerated() {
      largest = max(largest, min(1, comparisons[index].p * Double(comparisons.count - rank)))
      result[index].holm = largest
    }
    return result
  }
}

extension PairedComparison {
  /// A method's score of each draw: the names of the clusters, their classes, and a score from the number of
  /// times that each cluster was drawn; nil if the score is undefined for a draw.
  package struct Contestant {
    package let name: String
    package let score: @Sendable (_ times: [Int]) -> Double?

    package init(name: String, score: @escaping @Sendable (_ times: [Int]) -> Double?) {
      self.name = name
      self.score = score
    }
  }

  /// Compares every pair of contestants.
  /// - Parameters:
  ///   - contestants: the methods.
  ///   - strata: the clusters of each class, drawn separately.
  ///   - count: the number of clusters.
  ///   - metric: the score's name.
  ///   - resamples: the number of draws.
  package static func all(
    _ contestants: [Contestant], strata: [[Int]], count: Int, metric: String, resamples: Int,
    stream: RandomStream = RandomStream(seed: 0).derived("paired")
  ) -> [PairedComparison] {
    guard contestants.count > 1, resamples > 1 else { return [] }
    let draws = ThreadPool.map(resamples) { resample -> [Double?] in
      var stream = stream.derived(UInt64(resample))
      var times = [Int](repeating: 0, count: count)
      for stratum in strata {
        for _ in stratum { times[stratum[stream.index(below: stratum.count)]] += 1 }
      }
      return contestants.map { $0.score(times) }
    }
    let once = [Int](repeating: 1, count: count)
    let measured = contestants.map { $0.score(once) }
    var result: [PairedComparison] = []
    for first in contestants.indices {
      for second in contestants.indices where first < second {
        guard let a = measured[first], let b = measured[second] else { continue }
        let differences = draws.compactMap { draw in
          draw[first].flatMap { a in draw[second].map { a - $0 } }
        }
        guard differences.count * 2 > resamples else { continue }
        result.append(
          PairedComparison(
            first: contestants[first].name, second: contestants[second].name, metric: metric,
            difference: a - b, draws: differences, images: count))
      }
    }
    return corrected(result)
  }
}
