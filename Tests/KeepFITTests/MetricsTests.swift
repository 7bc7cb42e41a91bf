import Foundation
import KeepFIT
import Testing

@Suite struct MetricsTests {
  struct Reference: Decodable {
    struct Case: Decodable {
      let classes: Int
      let labels: [Int]
      let probabilities: [Double]
      let values: [String: MetricValue]
    }
    let cases: [Case]
    let folds: [[String: MetricValue]]
    let summary: [String: MetricValue]
  }

  /// Whether two scores agree; an undefined one agrees with an undefined one alone.
  static func agree(_ first: MetricValue, _ second: MetricValue) -> Bool {
    first.shape == second.shape
      && zip(first.numbers, second.numbers).allSatisfy { a, b in
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= 1e-9
      }
  }

  @Test func scoresEqualScikitLearn() throws {
    let reference = try Goldens.json(
      Reference.self, "metrics.json", orFileIn: "KEEPFIT_METRIC_CASES")
    #expect(reference.cases.count >= 40)
    for (index, item) in reference.cases.enumerated() {
      let predictions = try Predictions(
        labels: item.labels, classCount: item.classes, probabilities: item.probabilities)
      let ours = Dictionary(
        uniqueKeysWithValues: ClassificationMetrics(
          predictions,
          roles: ClassRoles(areOrdered: true, published: item.classes == 2 ? .amd : .experiment)
        ).values.map { ($0, $1) })
      for (name, expected) in item.values {
        let value = try #require(ours[name], "case \(index) lacks \(name)")
        #expect(Self.agree(value, expected), "case \(index), \(name): \(value), not \(expected)")
      }
    }
    let summary = FoldSummary(reference.folds).published
    for (name, expected) in reference.summary {
      let value = try #require(summary[name])
      #expect(Self.agree(value, expected), "\(name): \(value), not \(expected)")
    }
  }

  @Test func comparisonRejectsWrongNumbers() {
    #expect(!Self.agree(.scalar(0.5), .scalar(0.500_001)))
    #expect(!Self.agree(.scalar(nil), .scalar(0)))
    #expect(!Self.agree(.scalar(.nan), .scalar(0)))
    #expect(!Self.agree(.vector([0, 0]), .vector([0])))
  }

  @Test func roundsHalfToEven() {
    #expect(PublishedArithmetic.roundThousandths(0.0625) == 0.062)
    #expect(PublishedArithmetic.roundThousandths(0.1875) == 0.188)
  }

  @Test func fixedClassSetKeepsDistances() throws {
    // Class 1 never occurs: published kappa sees neighbors, the fixed set a distance of two.
    let predictions = try Predictions(
      labels: [0, 0, 2, 2, 0], rows: [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 1, 0]])
    let fixed = ClassificationMetrics(predictions, classSet: .all)
    #expect(fixed.confusion.classes == [0, 1, 2])
    #expect(fixed.averageClassAccuracy == 0.667)
    #expect(fixed.values.first { $0.name == "acc_class" }!.value.numbers[1] == nil)
  }

  @Test func thresholdFromTrainingIsScoredOnTest() throws {
    let training = try Predictions(labels: [0, 0, 1, 1], rows: rows([0.1, 0.2, 0.6, 0.7]))
    let test = try Predictions(labels: [0, 0, 1, 1], rows: rows([0.1, 0.65, 0.5, 0.9]))
    let metrics = ClassificationMetrics(
      test, training: training, roles: ClassRoles(published: .amd))
    let amd = try #require(metrics.amd)
    #expect(amd.onTraining?.threshold == Double(Float(0.6)))
    #expect(amd.onTraining?.kappa == 0)
    #expect(try #require(amd.onTest.kappa) >= 0)
  }

  private func rows(_ positive: [Float]) -> [[Float]] { positive.map { [1 - $0, $0] } }

  @Test func bootstrapIntervalsHoldTheScore() throws {
    var stream = RandomStream(seed: 5)
    let labels = (0..<200).map { $0 % 2 }
    let scores = labels.map { Float($0) * 0.2 + 0.6 * stream.uniform() }
    let predictions = try Predictions(labels: labels, rows: rows(scores))
    let tested = TestedFolds(predictions)
    let intervals = Intervals.of(tested, resamples: 300)
    let metrics = ClassificationMetrics(predictions)
    for (name, value) in [
      ("aca", metrics.averageClassAccuracy), ("auc_avg", metrics.auc), ("kappa", metrics.kappa),
    ] {
      let value = try #require(value)
      let interval = try #require(intervals[name])
      #expect(interval.lower < value && value < interval.upper)
      #expect(interval.upper - interval.lower < 0.3)
    }
    #expect(intervals == Intervals.of(tested, resamples: 300))
    let band = Bootstrap.rocBand(tested, class: 1, steps: 10, resamples: 100)
    #expect(band.count == 11 && band.allSatisfy { $0.lower <= $0.upper })
    let precision = Bootstrap.precisionRecallBand(tested, class: 1, steps: 10, resamples: 100)
    #expect(precision.count == 11)
    let curve = RankCurves(truth: labels.map { $0 == 1 }, scores: predictions.column(1))
    for point in curve.precisionRecall where [0.3, 0.5, 0.8].contains(point.x) {
      let interval = precision[Int((point.x * 10).rounded())]
      #expect(interval.lower <= point.y && point.y <= interval.upper)
    }
  }

  @Test func calibrationOfCertainCalls() throws {
    let predictions = try Predictions(labels: [0, 0, 1, 1], rows: rows([0, 0, 1, 0]))
    let calibration = Calibration(predictions)
    #expect(calibration.expectedError == 0.25)
    #expect(calibration.bins.last?.count == 4)
  }

  @Test func refusesWhatCannotBeScored() {
    #expect(throws: TransferError.invalid("there are no test images to score")) {
      try Predictions(labels: [], rows: [])
    }
    #expect(throws: TransferError.self) { try Predictions(labels: [2], rows: [[0.5, 0.5]]) }
    #expect(throws: TransferError.self) { try Predictions(labels: [0], rows: [[.nan, 0.5]]) }
  }

  @Test func undefinedNumbersAreNullInJSON() throws {
    let text = try JSONEncoder().encode(MetricValue.vector([1, nil]))
    #expect(String(decoding: text, as: UTF8.self) == "[1,null]")
    #expect(try JSONDecoder().decode(MetricValue.self, from: text) == .vector([1, nil]))
  }

  /// An image that every fold tests, or the images of one patient, are one observation.
  @Test func rowsOfOneImageOrGroupCountOnce() throws {
    let labels = (0..<20).map { $0 / 10 }
    let rows: [[Float]] = labels.indices.map { index in
      // One wrong in each class, and scores that differ.
      let isRight = index % 10 != 9
      let own = 0.6 + 0.01 * Float(index % 10)
      return (labels[index] == 0) == isRight ? [own, 1 - own] : [1 - own, own]
    }
    let fold = try Predictions(labels: labels, rows: rows)
    func widths(_ tested: TestedFolds) -> [String: Double] {
      Intervals.of(tested, resamples: 200).mapValues { $0.upper - $0.lower }
    }
    let names = labels.indices.map { "\($0).png" }
    let once = widths(TestedFolds(fold))
    let twice = widths(TestedFolds([fold, fold], names: [names, names]))
    let independent = widths(
      TestedFolds([fold, fold], names: [names, names.map { "other \($0)" }]))
    let patients = widths(TestedFolds([fold], names: [names.indices.map { "patient \($0 / 5)" }]))
    for name in ["accuracy", "aca"] {
      let (alone, pooled) = (try #require(once[name]), try #require(twice[name]))
      #expect(abs(pooled - alone) < 1e-9, "\(name)")
      #expect(try #require(independent[name]) < 0.8 * alone, "\(name)")
      #expect(try #require(patients[name]) > 1.3 * alone, "\(name)")
    }
    for name in Intervals.names {
      let (alone, pooled) = (try #require(once[name]), try #require(twice[name]))
      #expect(pooled > 0.9 * alone, "\(name): \(pooled), \(alone)")
      #expect(try #require(patients[name]) > 1.2 * alone, "\(name)")
    }
  }
}
