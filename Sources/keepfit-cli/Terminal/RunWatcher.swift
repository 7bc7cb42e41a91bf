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
  /// The number of skipped images that skipped.json already lists.
  private var written = 0

  /// The activity of a run, as named in messages.
  enum Activity {
    case pretraining, reports

    var present: String { self == .pretraining ? "Pretraining" : "Training" }
    var past: String { self == .pretraining ? "Pretrained" : "Trained" }
  }

  /// Creates a watcher of a run.
  /// - Parameters:
  ///   - directory: the run directory.
  ///   - activity: the activity of the run.
  ///   - writeExamples: writes example pairs for the report; called once.
  init(
    _ directory: RunDirectory, activity: Activity, writeExamples: @escaping () throws -> Void
  ) {
    self.directory = directory
    self.activity = activity
    self.writeExamples = writeExamples
  }

  func receive(_ event: PretrainingEvent, skipped: [SkippedImage]) {
    switch event {
    case .started(let step, let total):
      self.total = total
      Console.note(
        step == 0
          ? "\(activity.present) for \(Pretty.count(total, "step"))"
          : step < total
            ? "Resuming from step \(Pretty.count(step)) of \(Pretty.count(total))"
            : "Nothing left to do: step \(Pretty.count(step)) of \(Pretty.count(total)) is saved"
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
          "Undefined values, such as scores over classes without images, never count as the best")
      }
    case .warned(let text):
      progress?.interrupt()
      Console.note(text)
    case .saved: break
    }
  }

  /// Trains until the end of a run, and writes its report however it ends.
  /// - Parameters:
  ///   - isLeader: whether this process writes.
  ///   - stopRequest: what a signal sets.
  ///   - skipped: the images that were left out so far.
  ///   - train: the training.
  /// - Returns: the last step.
  /// - Throws: ``CommandError`` for a failure and for a run that a signal ended.
  func follow(
    isLeader: Bool, _ stopRequest: StopRequest, skipped: () -> [SkippedImage],
    train: () throws -> PretrainingOutcome
  ) throws -> Int {
    let outcome: PretrainingOutcome
    do {
      outcome = try train()
    } catch {
      if isLeader { fail(skipped: skipped()) }
      if case PretrainingError.configuration = error { throw error }
      // Anything that ends a run once it has started, such as an unreadable image, is a failure.
      throw CommandError.failure(ErrorText.line(for: error))
    }
    if isLeader { finish(outcome, skipped: skipped()) }
    switch outcome {
    case .finished(let step), .stoppedEarly(let step): return step
    case .interrupted(let step):
      throw CommandError.interrupted(
        by: stopRequest.signalNumber,
        "after step \(step), which is saved; --resume continues from there")
    }
  }

  private func finish(_ outcome: PretrainingOutcome, skipped: [SkippedImage]) {
    report(isRunning: false, skipped: skipped)
    let sentence =
      switch outcome {
      case .finished(let step): "\(activity.past) for \(Pretty.count(step, "step"))"
      case .stoppedEarly(let step): "Early stopping at step \(step): validation no longer improved"
      case .interrupted(let step): "Interrupted at step \(step)"
      }
    progress?.finish(sentence)
    if !skipped.isEmpty {
      Console.note(
        (skipped.count == 1 ? "1 image was" : "\(skipped.count) images were")
          + " left out: see skipped.json and report.html")
    }
  }

  /// Writes the report of a run that ended with an error.
  private func fail(skipped: [SkippedImage]) {
    progress?.interrupt()
    report(isRunning: false, skipped: skipped)
  }

  /// Writes the report. A failure to write it does not end the run.
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
