import Foundation

/// The training of a report model: steps, checkpoints, logs, validation, as in ``PretrainingRun``.
///
/// A run that is interrupted at any time and resumed gives bit-identical results.
public final class ReportTrainingRun {
  /// The report model to train.
  public let generator: ReportGenerator
  /// The settings.
  public let configuration: ReportTrainingConfiguration
  /// The run directory.
  public var directory: RunDirectory { loop.directory }
  /// The request to stop early.
  public var stopRequest: StopRequest { loop.stopRequest }
  /// Called for each event, on the thread of ``run()``, on rank 0.
  public var onEvent: (PretrainingEvent) -> Void {
    get { loop.onEvent }
    set { loop.onEvent = newValue }
  }
  /// The validation at the end of each epoch.
  public var validation: ReportValidation?

  private let loader: ReportLoader
  private let loop: TrainingLoop
  private let optimizer: GroupedOptimizer
  private let average: ExponentialMovingAverage?
  private var stream: ReportStream?
  private var communicator: any Communicator { loop.communicator }

  /// Prepares a run.
  /// - Parameters:
  ///   - generator: the initial report model; its weights change.
  ///   - configuration: the settings.
  ///   - loader: where the batches come from.
  ///   - directory: where the run is kept.
  ///   - communicator: the ranks of the run.
  /// - Throws: ``PretrainingError`` for impossible settings.
  public init(
    generator: ReportGenerator, configuration: ReportTrainingConfiguration, loader: ReportLoader,
    directory: RunDirectory, communicator: any Communicator = SingleProcess()
  ) throws {
    try configuration.validate()
    self.generator = generator
    self.configuration = configuration
    self.loader = loader
    loop = TrainingLoop(directory: directory, communicator: communicator)
    let model = generator.model
    if let dropout = configuration.dropout { model.setDropout(dropout) }
    let isFrozen = configuration.freezesVision ?? false
    model.vision.setTrainable(!isFrozen)
    // Updates of running statistics would change a frozen encoder.
    model.vision.freezesBatchNorm = configuration.freezesBatchNorm || isFrozen
    model.vision.recomputesBlocks = configuration.recomputesActivations
    model.vision.statisticsRanks = configuration.synchronizesBatchNorm ? communicator : nil
    let settings = configuration.optimizer
    optimizer = GroupedOptimizer([
      AdamW(isFrozen ? [] : model.visionParameters, configuration: settings),
      AdamW(model.decoderParameters, configuration: settings),
    ])
    average = configuration.averageDecay.map { ExponentialMovingAverage(of: model, decay: $0) }
  }

  /// The number of completed optimizer steps.
  public var step: Int { loop.state.step }

  /// The images that were left out because they could not be read.
  public var skipped: [SkippedImage] { stream?.skipped ?? [] }

  /// Resumes from the newest valid checkpoint; a damaged one is moved aside.
  /// - Throws: the error of the newest checkpoint if none can be used.
  public func resume() throws { try loop.resume(self) }

  /// Resets the best validation result, for a resumed run whose validation has changed.
  public func forgetBest() { loop.forgetBest() }

  /// Trains until the end, early stopping, or ``stopRequest``. After a failure, the completed steps are saved
  /// before the error is thrown.
  /// - Throws: ``PretrainingError``, `LoadingError`, and `CheckpointError` where a checkpoint cannot be
  ///   written.
  public func run() throws -> PretrainingOutcome { try loop.run(self) }
}

extension ReportTrainingRun: TrainingTask {
  var stepsPerEpoch: Int { configuration.stepsPerEpoch(batchesPerEpoch: loader.stepsPerEpoch) }
  var totalSteps: Int { configuration.totalSteps(stepsPerEpoch: stepsPerEpoch) }
  var bestFolder: String? { average == nil ? nil : RunDirectory.averageFolder }
  var saving: SavingPolicy {
    SavingPolicy(
      everySteps: configuration.checkpointEverySteps,
      everyMinutes: configuration.checkpointEveryMinutes, keeps: configuration.keepsCheckpoints,
      patience: configuration.patience, tiesImprove: true)
  }

  func startLoading(after step: Int) {
    stream = loader.batches(from: step * configuration.accumulationSteps)
  }

  func stopLoading() { stream?.cancel() }

  func shareInitialWeights() {
    communicator.shareState(of: generator.model)
    average?.adopt(steps: 0)
  }

  func makeStep(_ number: Int) throws -> StepMetrics {
    let start = ContinuousClock.now
    let pieces = configuration.accumulationSteps
    let random = RandomStream(seed: configuration.seed).derived("step", UInt64(number - 1))
      .derived("rank", UInt64(communicator.rank))
    let averaging = GradientAveraging(
      optimizer.parameters.map(\.parameter), communicator: communicator,
      overlaps: pieces == 1 && !configuration.recomputesActivations)
    optimizer.zeroGradients()
    averaging.start()

    // The loss is a mean over the tokens of all ranks and pieces, which must be counted first.
    var batches: [(images: Tensor, reports: [[Int32]])] = []
    for _ in 0..<pieces {
      let batch = try communicator.together { try nextBatch() }
      batches.append((batch.images, batch.samples.map { encode($0.text) }))
    }
    let own = batches.flatMap(\.reports).reduce(0) { $0 + $1.count - 1 }
    let tokens = communicator.startSum(Tensor(Float(own))).wait().item
    let samples = batches.reduce(0) { $0 + $1.reports.count }

    let model = generator.model
    let statistics = model.stateEntries().compactMap(\.buffer).map { ($0, $0.value) }
    let batchesTracked = model.batchesTracked
    var isDone = false
    // A step that fails must not change the running statistics.
    defer {
      if !isDone {
        for (buffer, value) in statistics { buffer.value = value }
        model.batchesTracked = batchesTracked
      }
    }
    var sum = 0.0
    for (piece, batch) in batches.enumerated() {
      let loss = model.loss(
        images: batch.images, reports: batch.reports, mode: .training(random.derived(UInt64(piece)))
      ).total
      sum += Double(loss.item)
      // Gradients are averaged over the ranks, but the loss is a sum over them.
      (loss * (Float(communicator.size) / tokens)).backward()
    }
    averaging.finish()
    let loss =
      communicator.size == 1
      ? Float(sum / Double(tokens))
      : communicator.startSum(Tensor(Float(sum))).wait().item / tokens
    let norm = GradientNorm(of: optimizer.parameters, limit: nil).value
    guard loss.isFinite, norm.isFinite else {
      throw SharedFailure(
        error: PretrainingError.notFinite(
          step: number, what: loss.isFinite ? "the gradient" : "the loss",
          checkpoint: directory.checkpoint(step: number - 1).path))
    }
    isDone = true
    let schedule = configuration.schedule(stepsPerEpoch: stepsPerEpoch)
    let isFrozen = configuration.freezesVision ?? false
    let rates = [isFrozen ? 0 : configuration.visionLearningRate, configuration.learningRate].map {
      schedule.rate($0, at: number - 1)
    }
    optimizer.step(learningRates: rates)
    optimizer.zeroGradients()
    average?.update()
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    return StepMetrics(
      step: number, epoch: (number - 1) / stepsPerEpoch + 1, learningRate: rates[1], loss: loss,
      terms: [], otherRates: [("lr_visual", rates[0])], gradientNorm: norm,
      samplesPerSecond: Double(samples * communicator.size) / elapsed)
  }

  private func nextBatch() throws -> ReportBatch {
    guard let stream else { throw LoadingError.cancelled }
    return try stream.next()
  }

  private func encode(_ text: String) -> [Int32] {
    generator.vocabulary.encode(text, maximumLength: generator.configuration.maximumLength)
  }

  func validate() throws -> ValidationResult? {
    guard let average else { return try validation?.measure(generator) }
    return try average.whileApplied { try validation?.measure(generator) }
  }

  func save(_ state: TrainingState) throws {
    var state = state
    state.averageSteps = average?.steps ?? 0
    try directory.save(state, optimizer: optimizer) { folder in
      try generator.save(to: folder, force: true)
      try average?.whileApplied {
        try generator.save(to: folder.appending(path: RunDirectory.averageFolder), force: true)
      }
    }
  }

  func restore(_ checkpoint: URL) throws -> TrainingState {
    let state = try directory.state(of: checkpoint)
    try directory.restore(optimizer, from: checkpoint)
    func loadModel(_ folder: URL) throws {
      let weights = folder.appending(path: "model.safetensors")
      try generator.model.loadWeights(StateDictionary(contentsOf: weights))
    }
    if let average {
      try loadModel(checkpoint.appending(path: RunDirectory.averageFolder))
      average.adopt(steps: state.averageSteps)
    }
    try loadModel(checkpoint)
    return state
  }
}
