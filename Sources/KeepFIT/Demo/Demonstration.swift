import Foundation
import FundusSynthesis

/// The whole system on images that it draws itself: synthesize, pretrain with FLAIR's and with
/// KeepFIT's objective from the same random weights, evaluate on seen and unseen classes, and show it
/// all on one page.
public struct Demonstration {
  /// Something for people to watch.
  public enum Event: Sendable {
    /// Another part begins.
    case stage(String)
    /// Part of it is done.
    case progress(done: Int, of: Int, detail: String)
  }

  /// Where everything is written: `data/`, a folder for each run, `report.html`.
  public let out: URL
  /// What is drawn.
  public var dataset = SyntheticDataset.Configuration()
  /// How models are trained.
  public var settings = ObjectiveStudy.Settings()
  /// The objectives that are compared.
  public var objectives: [ObjectiveName] = [.flair, .keepfit]

  /// A demonstration in a folder.
  public init(out: URL) {
    self.out = out
    dataset.size = settings.imageSize
    dataset.writesMasks = false
  }

  /// Runs it.
  ///
  /// - `force`: whether an older demonstration in the folder may be replaced.
  /// - Returns: the page.
  /// - Throws: what went wrong, naming the file.
  public func run(force: Bool = false, onEvent: @escaping @Sendable (Event) -> Void) throws -> URL {
    let files = FileManager.default
    let report = out.appending(path: "report.html")
    let data = out.appending(path: "data")
    if files.fileExists(atPath: out.path) {
      guard force else {
        throw PretrainingError.runDirectory("\(out.path) exists already; --force replaces it")
      }
      let contents = try files.contentsOfDirectory(atPath: out.path)
      // Only what a demonstration has written may go.
      guard contents.isEmpty || contents.contains("data") else {
        throw PretrainingError.runDirectory("\(out.path) is not the folder of a demonstration")
      }
    }
    try files.createDirectory(at: out, withIntermediateDirectories: true)

    onEvent(.stage("Drawing images"))
    try SyntheticDataset.write(to: data, configuration: dataset, force: true) { done, all in
      onEvent(.progress(done: done, of: all, detail: ""))
    }
    let study = ObjectiveStudy(data: data, out: out, settings: settings)
    onEvent(.stage("Measuring the untrained model"))
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
      onEvent(.stage("Measuring \(objective.rawValue)"))
      outcomes.append(
        ObjectiveStudy.Outcome(
          objective: objective, run: trained.run, scores: try study.evaluate(trained.model),
          seconds: trained.seconds))
    }
    try DemonstrationPage(demonstration: self, study: study, outcomes: outcomes).page()
      .write(to: report)
    return report
  }
}
