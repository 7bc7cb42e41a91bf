import Foundation
import KeepFIT

/// `keepfit pretrain`
struct PretrainCommand: Subcommand {
  static let name = "pretrain"
  static let summary = "Pretrain a model on labeled images and expert pairs."
  static let discussion = """
    The run directory contains config.json, metrics.jsonl, checkpoints/, skipped.json (images left out) and
    report.html, which is updated during training. A checkpoint is a model directory; checkpoints/best
    links to the best model: its EMA weights if --ema-decay is given.

    --resume gives bit-identical results, even if the process was killed; a damaged checkpoint is moved
    aside and the previous one is used. Options that are not given are read from the run's config.json.
    Options that differ from it are refused, except those for the length of the run (--epochs,
    --max-steps), for saving and validation (--checkpoint-every, --checkpoint-minutes,
    --keep-checkpoints, --patience, --validation, --probe, --monitor) and for image loading (the -root
    options, --cache, --loader-threads, --on-bad-image, --recompute). --resume-lr changes the learning rate.

    Exit codes besides 0, 1 and 2: 130 after SIGINT and 143 after SIGTERM; the completed steps are saved.
    After a failure during training, such as an unreadable image, a full disk or a non-finite loss, the
    completed steps are saved if possible and the exit code is 1. Only one process can write to a run: a
    second one ends with exit code 1.

      keepfit pretrain --model model --public flair.csv --public-root images \\
        --expert 39_MM_Retinal_dataset.csv --expert-root mm-retinal --out runs/keepfit
    """

  let model = Option<FilePath>(
    "model", "M", help: "Initial model: a directory or a checkpoint.")
  let vocabulary = Option<FilePath>(
    "vocab", "FILE", help: "The model's vocab.txt; by default the one next to the weights.")
  let target = RunOptions()
  let data = PretrainingDataOptions()
  let training = PretrainingTrainingOptions()
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    try target.validate(overwrite)
    if training.resumeLearningRate.given != nil && !target.resume.isOn {
      throw CommandError.usage("--resume-lr has no effect without --resume; a new run takes --lr")
    }
  }

  func run() throws { try Ranks.run { try run($0) } }

  private func run(_ communicator: any Communicator) throws {
    let isLeader = communicator.rank == 0
    let directory = target.directory
    let continues = try target.resume.isOn && !directory.checkpointSteps().isEmpty
    // Held until the end; other ranks rely on the lock of rank 0. A directory is created, or its run
    // replaced, only after everything else has been checked.
    var lock = isLeader && continues ? try target.lock() : nil
    defer { withExtendedLifetime(lock) {} }
    let earlier = continues ? try PretrainingRecord(contentsOf: directory.configurationFile) : nil
    var record = try settings(earlier)
    let changes = try changes(of: record, from: earlier)
    try data.check(record)
    try training.check(record, ranks: communicator.size)
    let network = try startingModel(&record, continues ? directory : nil)
    let source = try record.inputs.makeSource(record.training, communicator: communicator)
    let unreadable = try unreadableValidationImages(record)
    let validation = try record.inputs.makeValidation(record.training, leavingOut: unreadable)
    if isLeader { try summarize(&record, network, earlier) }
    let run = try PretrainingRun(
      model: network, configuration: record.training, source: source, directory: directory,
      communicator: communicator)
    if isLeader,
      let note = record.training.scheduleNote(batchesPerEpoch: source.batchesPerEpoch)
    {
      Console.warn(note)
    }
    // All ranks have read the directory before rank 0 changes it.
    communicator.barrier()
    if isLeader && !continues {
      lock = try target.create(overwrite)
      try record.write(to: directory.configurationFile)
    }
    communicator.barrier()
    run.validation = validation
    let watcher = RunWatcher(directory, activity: .pretraining) {
      try PretrainingExamples.write(record, to: directory.url)
    }
    func skipped() -> [SkippedImage] { unreadable + source.skipped }
    run.onEvent = { watcher.receive($0, skipped: skipped()) }
    if continues {
      try run.resume()
      let measures = ["--validation", "--probe", "--monitor"]
      if changes.contains(where: { measures.contains($0.option) }) { run.forgetBest() }
    }
    if isLeader && continues {
      record.history = target.note(changes, after: run.step, history: record.history)
      if record != earlier { try record.write(to: directory.configurationFile) }
    }
    run.stopRequest.listenToSignals()
    let step = try watcher.follow(isLeader: isLeader, run.stopRequest, skipped: skipped) {
      try run.run()
    }
    if isLeader { Console.print(directory.checkpoint(step: step).path) }
  }

  /// The unreadable images of --validation and --probe, which are left out.
  /// - Throws: an input error unless bad images are skipped.
  private func unreadableValidationImages(_ record: PretrainingRecord) throws -> [SkippedImage] {
    let images = try record.inputs.unreadableValidationImages()
    guard let first = images.first else { return [] }
    guard record.inputs.skipsBadImages else {
      throw CommandError.usage(
        "\(first.reason)\(images.count > 1 ? ", and \(images.count - 1) more images" : "") of "
          + "--validation or --probe cannot be read; --on-bad-image skip leaves them out")
    }
    Console.note(
      images.count == 1
        ? "1 image of --validation or --probe cannot be read and is left out"
        : "\(images.count) images of --validation or --probe cannot be read and are left out")
    return images
  }

  /// Summarizes the manifests, and reports what is left out of them.
  /// - Throws: a usage error when the manifests have changed since the run was started, or there is not
  ///   enough disk space for the cache.
  private func summarize(
    _ record: inout PretrainingRecord, _ network: KeepFITModel, _ earlier: PretrainingRecord?
  ) throws {
    let summary = try record.inputs.summary(record.training, model: network)
    if let before = earlier?.data,
      (before.labeledRows, before.expertRows) != (summary.labeledRows, summary.expertRows)
    {
      throw CommandError.usage(
        "\(target.name): the run cannot be resumed with different manifests: "
          + "\(before.sentences[0]) before, \(summary.sentences[0]) now")
    }
    record.data = summary
    for sentence in summary.sentences { Console.note(sentence) }
    guard let folder = record.inputs.cache,
      let needed = try record.inputs.cacheBytes(record.training)
    else { return }
    let free = try FileManager.default.attributesOfFileSystem(forPath: folder)[.systemFreeSize]
    if let free = (free as? NSNumber)?.intValue, free < needed {
      let stored = try ImageCache(directory: URL(filePath: folder)).storedBytes()
      guard free >= needed - stored else {
        throw CommandError.usage(
          "--cache \(folder): all images need \(Pretty.bytes(needed - stored)), but only "
            + "\(Pretty.bytes(free)) are free; choose another directory or omit --cache")
      }
    }
    Console.note("The image cache in \(folder) needs up to \(Pretty.bytes(needed))")
  }

  /// The settings of a new run, or of a resumed run with the given options applied.
  private func settings(_ earlier: PretrainingRecord?) throws -> PretrainingRecord {
    if earlier == nil {
      guard model.given != nil else {
        throw CommandError.usage(
          "--model M is missing: the initial model, a directory or a checkpoint"
            + (target.resume.isOn ? " (\(target.name) contains no checkpoint to resume from)" : ""))
      }
      guard !data.labeled.values.isEmpty else {
        throw CommandError.usage("--public CSV is missing: a manifest of labeled images")
      }
    }
    var record =
      earlier
      ?? PretrainingRecord(
        model: model.value.url.path, vocabulary: nil, training: PretrainingConfiguration(),
        inputs: PretrainingInputs())
    if let model = model.given { record.model = model.url.path }
    if let file = vocabulary.given { record.vocabulary = file.url.path }
    try data.apply(to: &record.inputs)
    try training.apply(to: &record.training)
    return record
  }

  /// The initial model of a new run, whose image size is used unless another one was given; or the model of
  /// a resumed run, from its newest readable checkpoint.
  private func startingModel(
    _ record: inout PretrainingRecord, _ directory: RunDirectory?
  ) throws -> KeepFITModel {
    for step in try directory?.checkpointSteps().reversed() ?? [] {
      if let model = try? KeepFITModel.load(directory!.checkpoint(step: step)) { return model }
    }
    let network = try KeepFITModel.load(
      FilePath(record.model).url, vocabulary: record.vocabulary.map { FilePath($0).url })
    if directory == nil && training.imageSize.given == nil {
      record.training.imageSize = network.configuration.imageSize
      try record.training.validate()
    }
    return network
  }

  /// The settings that differ from those of the resumed run.
  /// - Throws: a usage error if the run cannot be resumed with them.
  private func changes(
    of record: PretrainingRecord, from earlier: PretrainingRecord?
  ) throws -> [PretrainingRecord.Change] {
    guard let earlier else { return [] }
    let changes = record.changes(from: earlier)
    let isRateMeant = training.resumeLearningRate.given != nil
    if let refused = changes.first(where: { !$0.isAllowed && !($0.option == "--lr" && isRateMeant) }
    ) {
      throw CommandError.usage(
        "\(target.name): the run cannot be resumed with different settings: \(refused.description)"
          + (refused.option == "--lr" ? "; --resume-lr changes it" : ""))
    }
    return changes
  }
}
