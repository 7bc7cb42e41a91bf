import Foundation

/// A pretraining run: steps, checkpoints, logs, validation.
///
/// All that is random follows from the seed and the number of the step, and a checkpoint holds all
/// that is not; so a run that is interrupted at any moment, and resumed, ends with the same bits.
public final class PretrainingRun {
  /// What is trained.
  public let model: KeepFITModel
  /// The settings.
  public let configuration: PretrainingConfiguration
  /// Where the run is kept.
  public var directory: RunDirectory { loop.directory }
  /// A wish to end early.
  public var stopRequest: StopRequest { loop.stopRequest }
  /// Called for each event, on the thread of ``run()``, on rank 0.
  public var onEvent: (PretrainingEvent) -> Void {
    get { loop.onEvent }
    set { loop.onEvent = newValue }
  }
  /// What is measured at the end of each epoch, and which of its values is to be maximized.
  public var validation: (any PretrainingValidation)?

  private let source: any PretrainingBatchSource
  private let loop: TrainingLoop
  private let optimizer: AdamW
  private let average: ExponentialMovingAverage?
  private var communicator: any Communicator { loop.communicator }

  /// Prepares a run.
  /// - Throws: ``PretrainingError`` for impossible settings.
  public init(
    model: KeepFITModel, configuration: PretrainingConfiguration,
    source: any PretrainingBatchSource,
    directory: RunDirectory, communicator: any Communicator = SingleProcess()
  ) throws {
    try configuration.validate()
    self.model = model
    self.configuration = configuration
    self.source = source
    loop = TrainingLoop(directory: directory, communicator: communicator)
    model.prepareForPretraining(configuration)
    model.vision.statisticsRanks = configuration.synchronizesBatchNorm == true ? communicator : nil
    var settings = AdamW.Configuration()
    settings.weightDecay = configuration.weightDecay
    let trained = model.parameters.filter { $0.parameter.isTrainable }
    optimizer = AdamW(trained, configuration: settings)
    average = configuration.averageDecay.map { ExponentialMovingAverage(of: model, decay: $0) }
  }

  /// Optimizer steps made so far.
  public var step: Int { loop.state.step }

  /// Continues from the newest whole checkpoint. A damaged one is moved aside, to `damaged-…`, and told
  /// as ``PretrainingEvent/warned(_:)``; the one before it is taken then.
  /// - Throws: what is wrong with the newest one when none can be used, or fits the model.
  public func resume() throws { try loop.resume(self) }

  /// Forgets how well validation went so far: for a resumed run that is validated otherwise than before.
  public func forgetBest() { loop.forgetBest() }

  /// Trains until the end, early stop, or ``stopRequest``.
  ///
  /// A failure, such as an image that cannot be read, loses no step either: those that were made are
  /// saved before the error is thrown.
  /// - Throws: ``PretrainingError``, what the source of batches or the validation throws, and
  ///   `CheckpointError` where a checkpoint cannot be written.
  public func run() throws -> PretrainingOutcome { try loop.run(self) }
}

extension PretrainingRun: TrainingTask {
  var stepsPerEpoch: Int {
    configuration.stepsPerEpoch(batchesPerEpoch: source.batchesPerEpoch)
  }
  var totalSteps: Int { configuration.totalSteps(stepsPerEpoch: stepsPerEpoch) }
  var bestFolder: String? { average == nil ? nil : RunDirectory.averageFolder }
  var saving: SavingPolicy {
    SavingPolicy(
      everySteps: configuration.checkpointEverySteps,
      everyMinutes: configuration.checkpointEveryMinutes, keeps: configuration.keepsCheckpoints,
      patience: configuration.patience)
  }

  func startLoading(after step: Int) { source.start(at: step * configuration.accumulationSteps) }

  func stopLoading() { source.stop() }

  /// One optimizer step.
  func makeStep(_ number: Int) throws -> StepMetrics {
    let start = ContinuousClock.now
    let objective = configuration.objective.objective(revisionWeight: configuration.revisionWeight)
    let step = TrainingStep(
      model: model, objective: objective, configuration: configuration, communicator: communicator)
    let random = RandomStream(seed: configuration.seed).derived("step", UInt64(number - 1))
    let pieces = configuration.accumulationSteps
    let averaging = GradientAveraging(
      optimizer.parameters.map(\.parameter), communicator: communicator,
      overlaps: pieces == 1 && !configuration.recomputesActivations)
    optimizer.zeroGradients()
    averaging.start()

    var sums: [(name: String, value: Float)] = []
    var loss: Float = 0
    var samples = 0
    let statistics = model.stateEntries().compactMap(\.buffer).map { ($0, $0.value) }
    var isDone = false
    // A step that fails half-way must not leave traces in the running statistics.
    defer { if !isDone { for (buffer, value) in statistics { buffer.value = value } } }
    for piece in 0..<pieces {
      let batch = try communicator.together { try source.next() }
      samples += batch.labeled.texts.count + (batch.expert?.texts.count ?? 0)
      let terms = step.terms(batch, stream: random.derived(UInt64(piece)))
      let value = terms.loss
      loss += value.item / Float(pieces)
      for (index, term) in terms.enumerated() {
        if piece == 0 { sums.append((term.name, 0)) }
        sums[index].value += term.value.item / Float(pieces)
      }
      (pieces == 1 ? value : value / Float(pieces)).backward()
    }
    averaging.finish()
    if configuration.lossScope == .local, communicator.size > 1 {
      let mean = communicator.gather(
        Tensor([loss] + sums.map(\.value), shape: [1, sums.count + 1])
      )
      .mean(axis: 0).scalars
      loss = mean[0]
      for index in sums.indices { sums[index].value = mean[index + 1] }
    }

    let norm = GradientNorm(of: optimizer.parameters, limit: configuration.gradientClip)
    guard loss.isFinite, norm.value.isFinite else {
      throw SharedFailure(
        error: PretrainingError.notFinite(
          step: number, what: loss.isFinite ? "the gradient" : "the loss",
          checkpoint: directory.checkpoint(step: number - 1).path))
    }
    isDone = true
    let rate = configuration.schedule(stepsPerEpoch: stepsPerEpoch)
      .rate(configuration.learningRate, at: number - 1)
    optimizer.step(learningRate: rate, gradientScale: norm.scale)
    optimizer.zeroGradients()
    average?.update()
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    return StepMetrics(
      step: number, epoch: (number - 1) / stepsPerEpoch + configuration.startEpoch,
      learningRate: rate, loss: loss, terms: sums, gradientNorm: norm.value,
      samplesPerSecond: Double(samples * communicator.size) / elapsed)
  }

  func validate() throws -> ValidationResult? {
    guard let validation else { return nil }
    let values = try measured { try validation.measure(model) }
    return ValidationResult(values: values, score: values.first?.value)
  }

  /// Validates with the averaged weights where there are any: they are what is going to be used.
  private func measured<Result>(_ body: () throws -> Result) rethrows -> Result {
    if let average { return try average.whileApplied(body) }
    return try body()
  }

  func save(_ state: TrainingState) throws {
    var state = state
    state.averageSteps = average?.steps ?? 0
    try directory.save(state, model: model, optimizer: optimizer, average: average)
  }

  func restore(_ checkpoint: URL) throws -> TrainingState {
    try directory.restore(checkpoint, model: model, optimizer: optimizer, average: average)
  }

  /// Ranks may have made different random weights for what the checkpoint lacked.
  func shareInitialWeights() {
    communicator.shareState(of: model)
    average?.adopt(steps: 0)
  }
}
