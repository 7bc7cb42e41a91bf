import Foundation
import Testing

import KeepFIT

@Suite struct EvidenceReportTests {
  /// A result of one fold, scored as a run scores it.
  private func result(
    classes: [String], labels: [Int], rows: [[Float]], positive: String? = nil,
    ordered: Bool = false
  ) throws -> TransferResult {
    let roles = try ClassRoles(classes: classes, ordered: ordered, positive: positive)
    let predictions = try Predictions(labels: labels, rows: rows)
    let metrics = ClassificationMetrics(predictions, roles: roles)
    let tested = TestedFolds(predictions)
    let values = Dictionary(uniqueKeysWithValues: metrics.values.map { ($0, $1) })
    var text = """
      {"experiment": "x", "method": "linear-probe", "classes": [], "model": "", "folds": [],
       "mean": {}, "std": {}, "omitted": [], "seconds": 1, "configuration": CONFIGURATION}
      """
    let configuration = try JSONEncoder().encode(TransferConfiguration(method: .linearProbe))
    text = text.replacingOccurrences(
      of: "CONFIGURATION", with: String(decoding: configuration, as: UTF8.self))
    var result = try JSONDecoder().decode(TransferResult.self, from: Data(text.utf8))
    result.classes = classes
    let encoder = JSONEncoder()
    let fold: [String: Any] = try [
      "fold": 0, "intervals": [:], "labels": labels, "probabilities": rows, "notes": [],
      "training_count": 4,
      "metrics": JSONSerialization.jsonObject(with: encoder.encode(values)),
      "test_images": labels.indices.map { "images/<\($0)>.png" },
    ]
    result.folds = [
      try JSONDecoder().decode(
        TransferResult.Fold.self, from: JSONSerialization.data(withJSONObject: fold))
    ]
    result.mean = values
    result.std = values
    result.undefined = metrics.undefined
    result.kappaWeights = metrics.kappaWeights
    result.intervals = Intervals.of(tested, roles: roles, resamples: 20)
    if let index = roles.positive {
      var scores = DetectionScores(predictions, positive: index, name: classes[index])
      scores.intervals = Intervals.of(scores, tested: tested, positive: index)
      result.positive = scores
    }
    return result
  }

  private func html(_ results: TransferResult...) -> String {
    EvidenceReport(TransferReport(experiment: "<script>alert(1)</script>", results: results))
      .page().html()
  }

  @Test func labelsAndFileNamesAreEscaped() throws {
    let bad = "</td><img src=x onerror=\"alert('1')\">&"
    let result = try result(
      classes: [bad, "normal"], labels: [0, 0, 1, 1],
      rows: [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]])
    var report = EvidenceReport(
      TransferReport(experiment: "<script>alert(1)</script>", results: [result]))
    report.mistakes = [
      .init(
        image: "<b>&.png", images: [Data([0xFF, 0xD8])], truth: bad, predicted: "normal",
        confidence: 0.7, method: "linear-probe", fold: 0)
    ]
    let page = report.page().html()
    #expect(!page.contains("<script") && !page.contains("<img src=x") && !page.contains("<b>&.png"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("&lt;b&gt;&amp;.png"))
    #expect(page.contains("onerror=&quot;alert(&#39;1&#39;)&quot;"))
  }

  @Test func thePositiveClassIsNamed() throws {
    // Glaucoma: 2 of 4 found; normal: 3 of 4.
    let page = html(
      try result(
        classes: ["glaucoma", "normal"], labels: [0, 0, 0, 0, 1, 1, 1, 1],
        rows: [
          [0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9],
          [0.2, 0.8],
        ]))
    #expect(page.contains("Positive class: glaucoma"))
    #expect(page.contains("ROC curve (AUC)") && page.contains(">glaucoma: 0.8"))
    #expect(page.contains("0.500<br>(0.150–0.850)"))
    #expect(page.contains("0.750<br>(0.301–0.954)"))
    #expect(!page.contains("Sensitivity (macro)") && !page.contains("AMD"))
    #expect(page.contains("test images (optimistic)"))
    #expect(page.contains("Wilson") && page.contains("Newcombe"))
    #expect(page.contains("1 configuration<"))
  }

  @Test func allTenClassesHaveCurves() throws {
    let classes = (0..<10).map { "disease \($0)" }
    var stream = RandomStream(seed: 2)
    let labels = (0..<40).map { $0 % 10 }
    let rows = labels.map { label in (0..<10).map { stream.uniform() + ($0 == label ? 0.5 : 0) } }
    let page = html(try result(classes: classes, labels: labels, rows: rows))
    for name in classes {
      // In the legends of both plots, with an area.
      #expect(page.components(separatedBy: ">\(name): ").count == 3, "\(name)")
    }
    // No two curves of a plot look alike.
    let looks = (0..<10).map { PlotStyle.color($0) + PlotStyle.dash($0) }
    #expect(Set(looks).count == 10)
    #expect(page.contains("not drawn") && page.contains("Sensitivity (macro)"))
    #expect(page.contains("Unweighted kappa") && !page.contains("Quadratic kappa"))
  }

  @Test func undefinedScoresSayWhy() throws {
    let page = html(
      try result(
        classes: ["normal", "glaucoma"], labels: [0, 0], rows: [[0.9, 0.1], [0.6, 0.4]]))
    #expect(page.contains("undefined: only one class occurs"))
    #expect(page.contains("undefined: no image of the class"))
    #expect(page.contains("all test images are of one class"))
    #expect(!page.lowercased().contains(">nan") && !page.contains("-nan"))
  }

  @Test func gradesAreSaidToBeGrades() throws {
    let labels = [0, 0, 1, 1, 2, 2]
    let rows: [[Float]] = [
      [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0],
    ]
    let classes = ["none", "mild", "severe"]
    let graded = try result(classes: classes, labels: labels, rows: rows, ordered: true)
    #expect(graded.kappaWeights == .quadratic)
    #expect(
      graded.mean["kappa"] == .scalar(0.444) && graded.mean["kappa_unweighted"] == .scalar(0.5))
    let page = html(graded)
    #expect(page.contains("Quadratic kappa") && page.contains("none &lt; mild &lt; severe"))
    let plain = try result(classes: classes, labels: labels, rows: rows)
    #expect(plain.mean["kappa"] == .scalar(0.5) && plain.mean["kappa_quadratic"] == nil)
  }

  @Test func oneCalibrationErrorStandsOnThePage() throws {
    let result = try result(
      classes: ["normal", "glaucoma"], labels: [0, 0, 1, 1],
      rows: [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.45, 0.55]])
    let value = String(format: "%.3f", try #require(result.mean["ece"]?.scalar))
    #expect(html(result).contains("Reliability diagram (ECE \(value))"))
  }
}
