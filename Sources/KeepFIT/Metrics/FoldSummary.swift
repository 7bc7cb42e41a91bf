/// The published summary over folds: mean and population standard deviation of every score, rounded to
/// three decimals.
public struct FoldSummary: Sendable, Codable, Equatable {
  /// The mean of each score by name; lists and matrices elementwise.
  public let mean: [String: MetricValue]
  /// The population standard deviation of each score by name; 0 for a single fold.
  public let standardDeviation: [String: MetricValue]
  /// Omitted scores, whose lists differ in length between folds because a class is missing from some of them.
  public let omitted: [String]

  private enum CodingKeys: String, CodingKey {
    case mean, omitted
    case standardDeviation = "std"
  }

  /// Summarizes scores by name, given a dictionary for each fold. Scores that are missing from a fold are
  /// omitted as well.
  public init(_ folds: [[String: MetricValue]]) {
    var mean: [String: MetricValue] = [:]
    var deviation: [String: MetricValue] = [:]
    var omitted: [String] = []
    for name in Set(folds.flatMap(\.keys)).sorted() {
      let values = folds.compactMap { $0[name] }
      let first = values[0]
      guard values.count == folds.count, values.allSatisfy({ $0.shape == first.shape }) else {
        omitted.append(name)
        continue
      }
      // A score that is undefined in a fold has no mean: means over different folds would not be comparable.
      func summary(_ statistic: ([Double]) -> Double) -> MetricValue {
        first.replacing(
          numbers: first.numbers.indices.map { index in
            let defined = values.compactMap { $0.numbers[index] }
            return defined.count == folds.count
              ? PublishedArithmetic.roundThousandths(statistic(defined)) : nil
          })
      }
      mean[name] = summary(PublishedArithmetic.mean)
      deviation[name] = summary(PublishedArithmetic.standardDeviation)
    }
    self.mean = mean
    self.standardDeviation = deviation
    self.omitted = omitted
  }

  /// Summarizes the folds' metrics.
  public init(_ folds: [ClassificationMetrics]) {
    self.init(folds.map { fold in Dictionary(uniqueKeysWithValues: fold.values.map { ($0, $1) }) })
  }

  /// All values by their published names: `<name>_avg` and `<name>_std`.
  public var published: [String: MetricValue] {
    var result: [String: MetricValue] = [:]
    for (name, value) in mean { result[name + "_avg"] = value }
    for (name, value) in standardDeviation { result[name + "_std"] = value }
    return result
  }
}
