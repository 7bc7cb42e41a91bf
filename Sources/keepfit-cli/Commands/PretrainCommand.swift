import Foundation
import KeepFIT

/// `keepfit pretrain`
struct PretrainCommand: Subcommand {
  static let name = "pretrain"
  static let summary = "Pretrain a model on labelled pictures and expert pairs."
  static let discussion = """
    The run's directory gets config.json, metrics.jsonl, checkpoints/ and report.html, which can be
    read while the run goes on. A checkpoint is a model directory. SIGINT and SIGTERM end the run
    with a checkpoint; --resume goes on to the same bits, also after the process was killed. With
    --resume and no manifests everything is taken from the run's config.json.

      keepfit pretrain --model model --public flair.csv --public-root images \\
        --expert 39_MM_Retinal_dataset.csv --expert-root mm-retinal --out runs/keepfit
    """

  let model = Option<FilePath>(
    "model", "M", help: "The model to begin with: a directory or a checkpoint.")
  let vocabulary = Option<FilePath>(
    "vocab", "FILE", help: "The model's vocab.txt; by default the one beside its weights.")
  let out = Option<FilePath>("out", "RUN", required: true, help: "The run's directory.")
  let resume = Flag(
    "resume", help: "Go on from the newest checkpoint of the run, or begin if there is none.")
  let data = PretrainingDataOptions()
  let training = PretrainingTrainingOptions()
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    if resume.isOn && overwrite.force.isOn {
      throw CommandError.usage(
        "--resume and --force exclude each other: one keeps the run, one replaces it")
    }
    if resume.isOn && !data.isGiven { return }
    guard model.given != nil else {
      throw CommandError.usage(
        "--model M is missing: the model to begin with, a directory or a checkpoint")
    }
    guard !data.labelled.values.isEmpty else {
      throw CommandError.usage("--public CSV is missing: a manifest of labelled pictures")
    }
  }

  func run() throws {
    let communicator = Self.communicator()
    let isLeader = communicator.rank == 0
    if !isLeader { Console.isQuiet.store(true, ordering: .relaxed) }
    let directory = RunDirectory(out.value.url)
    let (record, network) = try settings(directory)
    let source = try record.inputs.makeSource(record.training, communicator: communicator)
    let validation = try record.inputs.makeValidation(record.training)
    let goesOn = resume.isOn && directory.latest() != nil
    if isLeader {
      if !goesOn {
        try directory.create(
          force: overwrite.force.isOn || (resume.isOn && directory.latest() == nil))
      }
      try record.write(to: directory.configurationFile)
    }
    communicator.barrier()
    let run = try PretrainingRun(
      model: network, configuration: record.training, source: source, directory: directory,
      communicator: communicator)
    run.validation = validation
    if goesOn { try run.resume() }
    run.stopRequest.listenToSignals()
    let watcher = RunWatcher(directory, record: record)
    run.onEvent = { watcher.receive($0, skipped: source.skippedPictures) }
    let outcome = try Self.aborting(communicator) { try run.run() }
    if isLeader { watcher.finish(outcome, skipped: source.skippedPictures) }
    Self.leave(communicator)
  }

  /// The settings of a new run, or of the one that goes on, and the model that they begin with.
  private func settings(_ directory: RunDirectory) throws -> (PretrainingRecord, KeepFITModel) {
    let file = directory.configurationFile
    let earlier =
      resume.isOn && FileManager.default.fileExists(atPath: file.path)
      ? try PretrainingRecord(contentsOf: file) : nil
    if resume.isOn && !data.isGiven {
      guard var record = earlier else {
        throw CommandError.usage("\(out.value.text): there is no run here to go on with")
      }
      if let steps = training.maxSteps.given { record.training.maxSteps = steps }
      if let epochs = training.epochs.given { record.training.epochs = epochs }
      return (record, try load(record))
    }
    let network = try KeepFITModel.load(model.value.url, vocabulary: vocabulary.given?.url)
    let record = PretrainingRecord(
      model: model.value.url.path, vocabulary: vocabulary.given?.url.path,
      training: try training.configuration(for: network), inputs: try data.inputs())
    if let earlier, let difference = record.difference(from: earlier) {
      throw CommandError.usage(
        "\(out.value.text): the run cannot go on with other settings: \(difference)")
    }
    return (record, network)
  }

  private func load(_ record: PretrainingRecord) throws -> KeepFITModel {
    try KeepFITModel.load(
      FilePath(record.model).url, vocabulary: record.vocabulary.map { FilePath($0).url })
  }

  private static func communicator() -> any Communicator {
    #if MPI
      if MPICommunicator.isLaunched { return MPICommunicator() }
    #endif
    return SingleProcess()
  }

  /// An error on one rank would leave the others waiting for it.
  private static func aborting<Result>(
    _ communicator: any Communicator, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      if communicator.size > 1 { communicator.abort(ErrorText.line(for: error)) }
      throw error
    }
  }

  private static func leave(_ communicator: any Communicator) {
    #if MPI
      (communicator as? MPICommunicator)?.finish()
    #endif
  }
}

/// Shows a run's progress and keeps its report up to date.
final class RunWatcher {
  private let directory: RunDirectory
  private let record: PretrainingRecord
  private var progress: ProgressBar?
  private var total = 0
  private var lastReport = Date.distantPast
  private var hasExamples = false

  init(_ directory: RunDirectory, record: PretrainingRecord) {
    self.directory = directory
    self.record = record
  }

  func receive(_ event: PretrainingEvent, skipped: [String]) {
    switch event {
    case .started(let step, let total):
      self.total = total
      Console.note(
        step == 0 ? "Pretraining for \(Pretty.count(total)) steps" : "Going on after step \(step)")
      progress = ProgressBar("Pretraining", unit: "steps", total: total, done: step)
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
      let text = values.map { String(format: "%@ %.3f", $0.name, $0.value) }.joined(separator: ", ")
      progress?.interrupt()
      Console.note("Step \(step): \(text)")
    case .saved: break
    }
  }

  func finish(_ outcome: PretrainingOutcome, skipped: [String]) {
    report(isRunning: false, skipped: skipped)
    let (step, sentence): (Int, String) =
      switch outcome {
      case .finished(let step): (step, "Pretrained for \(step) steps")
      case .stoppedEarly(let step):
        (step, "Stopped at step \(step), since validation no longer improved")
      case .interrupted(let step):
        (step, "Interrupted at step \(step); --resume goes on from there")
      }
    progress?.finish(sentence)
    if !skipped.isEmpty { Console.note("\(skipped.count) pictures were left out: see report.html") }
    Console.print(directory.checkpoint(step: step).path)
  }

  /// A report that cannot be written is no reason to end a run.
  private func report(isRunning: Bool, skipped: [String]) {
    lastReport = Date()
    do {
      if !hasExamples {
        hasExamples = true
        try PretrainingExamples.write(record, to: directory.url)
      }
      var report = try PretrainingReport(
        run: directory.url, isRunning: isRunning, totalSteps: total)
      report.skipped = skipped.map { ("", $0) }
      try report.write(to: directory.reportFile)
    } catch {
      progress?.interrupt()
      Console.note("The report could not be written: \(ErrorText.line(for: error))")
    }
  }
}
