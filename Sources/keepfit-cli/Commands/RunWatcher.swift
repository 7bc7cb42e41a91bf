import Foundation
import KeepFIT

/// Shows a run's progress and keeps its report up to date.
final class RunWatcher {
  private let directory: RunDirectory
  private let activity: Activity
  private let writeExamples: () throws -> Void
  private var progress: ProgressBar?
  private var total = 0
  private var lastReport = Date.distantPast
  private var hasExamples = false
  private var metrics = RunMetrics()
  /// Skipped images that skipped.json holds already.
  private var written = 0

  /// What a run does, in the words of its messages.
  enum Activity {
    case pretraining, reports

    var present: String { self == .pretraining ? "Pretraining" : "Training" }
    var past: String { self == .pretraining ? "Pretrained" : "Trained" }
  }

  /// A watcher of one run.
  /// - Parameters:
  ///   - directory: the run's directory.
  ///   - activity: what the run does.
  ///   - writeExamples: writes example pairs for the report; called once.
  init(
    _ directory: RunDirectory, activity: Activity, writeExamples: @escaping () throws -> Void
  ) {
    self.directory = directory
    self.activity = activity
    self.writeExamples = writeExamples
  }

  /// Takes the lock of a run, and says where there are none.
  static func lock(_ directory: RunDirectory, named name: String) throws -> RunLock {
    let lock = try directory.lock()
    if lock.isMissing {
      Console.note(
        "\(name): its file system has no locks; take care that no other process writes to it")
    }
    return lock
  }

  func receive(_ event: PretrainingEvent, skipped: [SkippedImage]) {
    switch event {
    case .started(let step, let total):
      self.total = total
      Console.note(
        step == 0
          ? "\(activity.present) for \(Pretty.count(total)) steps"
          : step < total
            ? "Resuming from step \(Pretty.count(step)) of \(Pretty.count(total))"
            : "Nothing is left to do: step \(Pretty.count(step)) of \(Pretty.count(total)) is saved"
      )
      progress = ProgressBar(activity.present, unit: "steps", total: total, done: step)
    case .step(let metrics, _):
      let terms =
        metrics.terms.count > 1
        ? metrics.terms.map { String(format: "%@ %.4f", $0.name, $0.value) }.joined(separator: " ")
        : ""
      progress?.update(
        to: metrics.step,
        detail: String(format: "loss %.4f ", metrics.loss) + terms)
      if Date().timeIntervalSince(lastReport) > 30 { report(isRunning: true, skipped: skipped) }
    case .validated(let step, let values):
      let text = values.map {
        $0.value.isFinite ? String(format: "%@ %.3f", $0.name, $0.value) : "\($0.name) undefined"
      }
      progress?.interrupt()
      Console.note("Step \(step): \(text.joined(separator: ", "))")
      if let value = values.first?.value, !value.isFinite {
        Console.note(
          "What is undefined, such as a score over classes without images, is never the best")
      }
    case .warned(let text):
      progress?.interrupt()
      Console.note(text)
    case .saved: break
    }
  }

  func finish(_ outcome: PretrainingOutcome, skipped: [SkippedImage]) {
    report(isRunning: false, skipped: skipped)
    let sentence =
      switch outcome {
      case .finished(let step): "\(activity.past) for \(step) steps"
      case .stoppedEarly(let step): "Stopped at step \(step), since validation no longer improved"
      case .interrupted(let step): "Interrupted at step \(step)"
      }
    progress?.finish(sentence)
    if !skipped.isEmpty {
      Console.note(
        (skipped.count == 1 ? "1 image was" : "\(skipped.count) images were")
          + " left out: see skipped.json and report.html")
    }
  }

  /// Writes what there is when the run ends with an error.
  func fail(skipped: [SkippedImage]) {
    progress?.interrupt()
    report(isRunning: false, skipped: skipped)
  }

  /// A report that cannot be written is no reason to end a run.
  private func report(isRunning: Bool, skipped: [SkippedImage]) {
    lastReport = Date()
    do {
      if skipped.count > written {
        try SkippedImage.merge(skipped, into: directory.skippedFile)
        written = skipped.count
      }
      if !hasExamples {
        hasExamples = true
        try writeExamples()
      }
      try metrics.update(from: directory.metricsFile)
      let report = PretrainingReport(
        run: directory.url, metrics: metrics, isRunning: isRunning, totalSteps: total)
      try report.write(to: directory.reportFile)
    } catch {
      progress?.interrupt()
      Console.note("The report could not be written: \(ErrorText.line(for: error))")
    }
  }
}
