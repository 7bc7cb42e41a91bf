import Foundation
import KeepFIT
import Testing

@Suite struct DetectionTests {
  struct Case: Decodable {
    let classes: Int
    let positive: Int
    let labels: [Int]
    let probabilities: [Double]
    let values: [String: Double?]
    let intervals: [String: [Double]]
    let points: [String: Double]
  }

  @Test func scoresAndIntervalsEqualScikitLearnAndSciPy() throws {
    for (index, item) in try Goldens.json([Case].self, "detection.json").enumerated() {
      let predictions = try Predictions(
        labels: item.labels, classCount: item.classes, probabilities: item.probabilities)
      let tested = TestedFolds(predictions)
      let scores = DetectionScores(predictions, positive: item.positive, name: "disease")
      var intervals = Intervals.of(tested, resamples: 2)
      intervals.merge(Intervals.of(scores, tested: tested, positive: item.positive)) { $1 }
      for (name, value, _) in scores.values {
        let expected = try #require(item.values[name])
        #expect((value == nil) == (expected == nil), "case \(index), \(name)")
        if let value, let expected {
          #expect(
            abs(value - expected) <= 1e-9, "case \(index), \(name): \(value), not \(expected)")
        }
      }
      for (name, expected) in item.intervals {
        let interval = try #require(intervals[name])
        #expect(
          abs(interval.lower - expected[0]) <= 1e-9 && abs(interval.upper - expected[1]) <= 1e-9,
          "case \(index), \(name): \(interval), not \(expected)")
      }
      for point in scores.operatingPoints {
        let expected = try #require(item.points["\(point.criterion.rawValue) \(point.target)"])
        let value = point.criterion == .specificity ? point.sensitivity : point.specificity
        #expect(point.source == .test)
        #expect(abs(try #require(value) - expected) <= 1e-9, "case \(index), \(point)")
      }
    }
  }

  @Test func thresholdsComeFromImagesThatAreNotTested() throws {
    let other = try Predictions(
      labels: [0, 0, 1, 1], rows: [[0.9, 0.1], [0.7, 0.3], [0.4, 0.6], [0.2, 0.8]])
    let test = try Predictions(
      labels: [0, 0, 1, 1], rows: [[0.9, 0.1], [0.35, 0.65], [0.45, 0.55], [0.1, 0.9]])
    let scores = DetectionScores(
      test, positive: 1, name: "x", unseen: (.validation, other), targets: [1])
    let point = try #require(scores.operatingPoints.first { $0.criterion == .specificity })
    #expect(point.source == .validation && point.threshold == Double(Float(0.6)))
    #expect(point.sensitivity == 0.5 && point.specificity == 0.5)
    // Without others the test images choose, and that is marked.
    let optimistic = DetectionScores(test, positive: 1, name: "x", targets: [1])
    #expect(optimistic.operatingPoints.allSatisfy { $0.source == .test })
    #expect(optimistic.operatingPoints[0].specificity == 1)
  }

  @Test func whatIsUndefinedHasAReasonAndIsNull() throws {
    let healthy = try Predictions(labels: [0, 0], rows: [[0.9, 0.1], [0.8, 0.2]])
    let scores = DetectionScores(healthy, positive: 1, name: "x")
    #expect(scores.sensitivity == nil && scores.auc == nil && scores.operatingPoints.isEmpty)
    let data = try JSONEncoder().encode(scores)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["sensitivity"] is NSNull && object["ppv"] is NSNull)
    let reasons = try #require(object["undefined"] as? [String: String])
    #expect(reasons["sensitivity"] == "no image of the class")
    #expect(reasons["ppv"] == "the class is never predicted")
    #expect(try JSONDecoder().decode(DetectionScores.self, from: data) == scores)
  }

  @Test func theDiseaseIsPositiveByDefault() throws {
    func positive(_ classes: [String], named name: String? = nil) throws -> String? {
      let roles = try ClassRoles(classes: classes, ordered: nil, positive: name)
      return roles.positive.map { classes[$0] }
    }
    #expect(try positive(["glaucoma", "normal"]) == "glaucoma")
    #expect(try positive(["no glaucoma", "glaucoma"]) == "glaucoma")
    #expect(try positive(["AMD", "Non-AMD"]) == "AMD")
    #expect(try positive(["0", "1"]) == "1")
    #expect(try positive(["normal", "normal tension glaucoma"]) == "normal tension glaucoma")
    #expect(try positive(["a", "b", "c"]) == nil)
    #expect(try positive(["a", "b", "c"], named: "b") == "b")
    #expect(throws: TransferError.self) { try positive(["a", "b"], named: "c") }
    // Where the names do not tell, that is said.
    let unclear = try ClassRoles(classes: ["drusen", "edema"], ordered: nil, positive: nil)
    #expect(unclear.positive == 1 && unclear.notes.count == 1)
    #expect(try ClassRoles(classes: ["0", "1", "2"], ordered: nil, positive: nil).areOrdered)
    #expect(try !ClassRoles(classes: ["0", "1", "2"], ordered: false, positive: nil).areOrdered)
    #expect(try !ClassRoles(classes: ["a", "b", "c"], ordered: nil, positive: nil).areOrdered)
  }
}
