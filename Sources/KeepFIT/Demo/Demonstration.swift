import Foundation
import FundusSynthesis

/// The whole pipeline on synthetic fundus images: render them, pretrain with the FLAIR and the KeepFIT
/// objective from the same random weights, evaluate on seen and unseen classes, train a model that generates
/// angiography reports, and write an HTML report on all of it.
public struct Demonstration {
  /// Progress of a demonstration.
  public enum Event: Sendable {
    /// A new stage begins.
    case stage(String)
    /// Progress within the stage.
    case progress(done: Int, of: Int, detail: String)
  }

  /// The output directory: `data/`, `angiograms/`, a directory for each run, `report.html`.
  public let out: URL
  /// The synthetic dataset.
  public var dataset = SyntheticDataset.Configuration()
  /// The training settings.
  public var settings = ObjectiveStudy.Settings()
  /// The objectives to compare.
  public var objectives: [ObjectiveName] = [.flair, .keepfit]
  /// The settings of the report model; nil for none.
  public var reports: ReportDemonstration? = ReportDemonstration()

  /// A demonstration in a directory.
  public init(out: URL) {
    self.out = out
    dataset.size = settings.imageSize
    dataset.writesMasks = false
  }

  /// Runs the demonstration.
  ///
  /// - `force`: whether an existing demonstration in the directory may be replaced.
  /// - Returns: the report.
  /// - Throws: an error that names the file.
  public func run(force: Bool = false, onEvent: @escaping @Sendable (Event) -> Void) throws -> URL {
    let files = FileManager.default
    let report = out.appending(path: "report.html")
    let data = out.appending(path: "data")
    if files.fileExists(atPath: out.path) {
      guard force else {
        throw PretrainingError.runDirectory("\(out.path) already exists; --force replaces it")
      }
      let contents = try files.contentsOfDirectory(atPath: out.path)
      // Only replace the output of an earlier demonstration.
      guard contents.isEmpty || contents.contains("data") else {
        throw PretrainingError.runDirectory("\(out.path) is not the directory of a demonstration")
      }
    }
    try files.createDirectory(at: out, withIntermediateDirectories: true)

    onEvent(.stage("Rendering synthetic images"))
    try SyntheticDataset.write(to: data, configuration: dataset, force: true) { done, all in
      onEvent(.progress(done: done, of: all, detail: ""))
    }
    let study = ObjectiveStudy(data: data, out: out, settings: settings)
    onEvent(.stage("Evaluating the untrained model"))
    var outcomes = [
      ObjectiveStudy.Outcome(
        objective: nil, run: nil, scores: try study.evaluate(study.startingModel()), seconds: 0)
    ]
    for objective in objectives {
      onEvent(.stage("Pretraining with the objective \(objective.rawValue)"))
      let trained = try study.train(objective) { event in
        if case .step(let metrics, let total) = event {
          onEvent(
            .progress(
              done: metrics.step, of: total,
              detail: String(format: "loss %.3f", Double(metrics.loss))))
        }
      }
      onEvent(.stage("Evaluating \(objective.rawValue)"))
      outcomes.append(
        ObjectiveStudy.Outcome(
          objective: objective, run: trained.run, scores: try study.evaluate(trained.model),
          seconds: trained.seconds))
    }
    let reported = try reports.map { try $0.run(in: out, onEvent: onEvent) }
    try DemonstrationPage(
      demonstration: self, study: study, outcomes: outcomes, reported: reported
    ).page().write(to: report)
    return report
  }
}
