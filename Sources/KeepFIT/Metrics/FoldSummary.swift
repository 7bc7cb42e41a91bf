/// The published summary of several folds: mean and population standard deviation of every score,
/// rounded to three decimals.
public struct FoldSummary: Sendable, Codable, Equatable {
  /// The mean of each score by its name; lists and matrices element by element.
  public let mean: [String: MetricValue]
  /// The population standard deviation of each score by its name. 0 for a single fold.
  public let standardDeviation: [String: MetricValue]
  /// Scores left out, because their lists are not equally long in all folds (a class is missing
  /// from some of them).
  public let omitted: [String]

  private enum CodingKeys: String, CodingKey {
    case mean, omitted
    case standardDeviation = "std"
  }

  /// Summarizes scores by name, a dictionary for each fold. Scores that some fold lacks are
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
      // A number that some fold leaves undefined has no mean: that of the others would compare
      // different folds.
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

  /// Every number under its published name: `<name>_avg` and `<name>_std`.
  public var published: [String: MetricValue] {
    var result: [String: MetricValue] = [:]
    for (name, value) in mean { result[name + "_avg"] = value }
    for (name, value) in standardDeviation { result[name + "_std"] = value }
    return result
  }
}
