import Foundation
import KeepFIT

/// `keepfit reports train`
struct ReportsTrainCommand: Subcommand {
  static let name = "reports train"
  static let summary = "Train a model that generates reports of fluorescein angiograms."
  static let discussion = """
    Every image of FFA-IR's training cases is a sample with the report of its case; with --expert, samples
    of FFA-IR and of the manifest alternate, the shorter list starting over. An image of the manifest is
    looked for as written, then below FFA_resized_jpg in place of FFA, as a .jpg.

    The run's directory gets config.json, metrics.jsonl, checkpoints/, skipped.json (images left out) and
    report.html. A checkpoint is a report model directory for 'reports generate'; with --monitor,
    checkpoints/best is a link to the best: its EMA weights if --ema-decay is given. --resume continues to the same bits, also after the process was
    killed; what is given and differs from the run's config.json is refused by name, except how long the
    run is, what is saved and monitored, and how images are loaded.

    Exit codes beside 0, 1 and 2: 130 after SIGINT and 143 after SIGTERM, with the steps so far saved.

      keepfit reports train --model report-model --ffa-ir ffair_annotation.json --ffa-ir-root FFAIR \\
        --expert MM_Retinal_FFA.csv --expert-root mm-retinal --monitor CIDER --out runs/reports
    """

  let model = Option<FilePath>(
    "model", "DIR", help: "Initial report model directory (see 'keepfit reports init').")
  let target = RunOptions()
  let data = ReportDataOptions()
  let training = ReportTrainingOptions()
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    try target.validate(overwrite)
    if !target.resume.isOn {
      try refuseIdle(
        training.resumeLearningRate, training.resumeVisionLearningRate,
        reason: "without --resume; a new run takes --lr and --lr-visual")
    }
  }

  func run() throws { try Ranks.run { try run($0) } }

  private func run(_ communicator: any Communicator) throws {
    let isLeader = communicator.rank == 0
    let directory = target.directory
    let continues = try target.resume.isOn && !directory.checkpointSteps().isEmpty
    var lock = isLeader && continues ? try target.lock() : nil
    defer { withExtendedLifetime(lock) {} }
    let earlier =
      continues ? try ReportTrainingRecord(contentsOf: directory.configurationFile) : nil
    var record = try settings(earlier)
    let changes = try changes(of: record, from: earlier)
    try training.check(record.training, ranks: communicator.size)
    let generator = try reading(startingModel(record, continues ? directory : nil), &record.inputs)
    let read = try record.inputs.read(needsValidation: record.training.monitor != nil)
    if let before = earlier?.samples, before != read.training.count {
      throw CommandError.usage(
        "\(target.name): the run cannot be resumed with different data: there were \(before) samples and "
          + "now there are \(read.training.count)")
    }
    record.data = read.sentences
    record.samples = read.training.count
    if isLeader { for sentence in read.sentences { Console.note(sentence) } }
    let loader = record.inputs.loader(
      read.training, record.training, imageSize: generator.configuration.imageSize,
      communicator: communicator)
    let run = try ReportTrainingRun(
      generator: generator, configuration: record.training, loader: loader, directory: directory,
      communicator: communicator)
    run.validation = record.training.monitor.map {
      ReportValidation(
        samples: read.validation, monitor: $0, batchSize: record.training.batchSize)
    }
    // All ranks have read the directory before rank 0 changes it.
    communicator.barrier()
    if isLeader && !continues {
      lock = try target.create(overwrite)
      try record.write(to: directory.configurationFile)
    }
    communicator.barrier()
    func skipped() -> [SkippedImage] { read.missing + run.skipped }
    let watcher = RunWatcher(directory, activity: .reports) {
      try ReportTrainingExamples.write(
        loader, vocabulary: generator.vocabulary,
        maximumLength: generator.configuration.maximumLength, to: directory.url)
    }
    run.onEvent = { watcher.receive($0, skipped: skipped()) }
    if continues {
      try run.resume()
      if changes.contains(where: { $0.option == "--monitor" }) { run.forgetBest() }
      if isLeader {
        record.history = target.note(changes, after: run.step, history: record.history)
        if record != earlier { try record.write(to: directory.configurationFile) }
      }
    }
    run.stopRequest.listenToSignals()
    let step = try watcher.follow(isLeader: isLeader, run.stopRequest, skipped: skipped) {
      try run.run()
    }
    if isLeader { Console.print(directory.checkpoint(step: step).path) }
  }

  /// The settings of a new run, or of a resumed run with the given options applied.
  private func settings(_ earlier: ReportTrainingRecord?) throws -> ReportTrainingRecord {
    if earlier == nil {
      for (isGiven, option) in [
        (
          model.isGiven,
          "--model DIR is missing: a report model directory, see 'keepfit reports init'"
        ),
        (
          data.studies.isGiven, "--ffa-ir ANNOTATION.json is missing: cases with images and reports"
        ),
        (
          data.studiesRoot.isGiven,
          "--ffa-ir-root DIR is missing: the root directory of the image paths"
        ),
      ] where !isGiven {
        throw CommandError.usage(
          option
            + (target.resume.isOn ? " (\(target.name) contains no checkpoint to resume from)" : "")
        )
      }
    }
    var record =
      earlier
      ?? ReportTrainingRecord(
        model: model.value.url.path, training: ReportTrainingConfiguration(),
        inputs: ReportTrainingInputs())
    if let model = model.given { record.model = model.url.path }
    try data.apply(to: &record.inputs)
    try training.apply(to: &record.training)
    return record
  }

  /// The initial model of a new run; or the model of a resumed run, from its newest readable checkpoint.
  private func startingModel(
    _ record: ReportTrainingRecord, _ directory: RunDirectory?
  ) throws -> ReportGenerator {
    for step in try directory?.checkpointSteps().reversed() ?? [] {
      if let found = try? ReportGenerator.load(directory!.checkpoint(step: step)) { return found }
    }
    return try ReportGenerator.load(FilePath(record.model).url)
  }

  /// The model with the run's choices for decoding images, or the run with the model's where it makes none.
  private func reading(
    _ model: ReportGenerator, _ inputs: inout ReportTrainingInputs
  ) -> ReportGenerator {
    var model = model
    model.readImages(appliesOrientation: inputs.appliesOrientation, deepGray: inputs.deepGray)
    inputs.appliesOrientation = model.configuration.appliesOrientation
    inputs.deepGray = model.configuration.deepGray
    return model
  }

  /// The settings that differ from those of the resumed run.
  /// - Throws: a usage error if the run cannot be resumed with it.
  private func changes(
    of record: ReportTrainingRecord, from earlier: ReportTrainingRecord?
  ) throws -> [PretrainingRecord.Change] {
    guard let earlier else { return [] }
    let changes = record.changes(from: earlier)
    let meant = [
      (training.resumeLearningRate, "--lr"), (training.resumeVisionLearningRate, "--lr-visual"),
    ].filter { $0.0.isGiven }.map(\.1)
    if let refused = changes.first(where: { !$0.isAllowed && !meant.contains($0.option) }) {
      throw CommandError.usage(
        "\(target.name): the run cannot be resumed with different settings: \(refused.description)"
          + (refused.option.hasPrefix("--lr") && !refused.option.hasPrefix("--lr-step")
            && !refused.option.hasPrefix("--lr-gamma")
            ? "; \(refused.option.replacing("--lr", with: "--resume-lr")) changes it" : ""))
    }
    return changes
  }
}
