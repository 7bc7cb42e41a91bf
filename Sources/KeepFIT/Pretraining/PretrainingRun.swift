import Foundation

/// A pretraining run: training steps, checkpoints, logs, validation.
///
/// All random numbers depend only on the seed and the step, and a checkpoint contains the rest of the state,
/// so a run that is interrupted at any time and resumed gives bit-identical results.
public final class PretrainingRun {
  /// The model to train.
  public let model: KeepFITModel
  /// The settings.
  public let configuration: PretrainingConfiguration
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
  public var validation: (any PretrainingValidation)?

  private let objective: any PretrainingObjective
  private let source: any PretrainingBatchSource
  private let loop: TrainingLoop
  private let optimizer: AdamW
  private let average: ExponentialMovingAverage?
  private var communicator: any Communicator { loop.communicator }

  /// Creates a run.
  ///
  /// - Parameters:
  ///   - model: the model, which is trained in place.
  ///   - configuration: the settings.
  ///   - objective: a custom loss; nil for the one that the settings name. A resumed run must be
  ///     given the same one.
  ///   - source: the source of batches, such as ``PretrainingInputs/makeSource(_:objective:communicator:)``.
  ///   - directory: the run directory.
  ///   - communicator: the ranks that train together.
  /// - Throws: ``PretrainingError`` for invalid settings.
  public init(
    model: KeepFITModel, configuration: PretrainingConfiguration,
    objective: (any PretrainingObjective)? = nil, source: any PretrainingBatchSource,
    directory: RunDirectory, communicator: any Communicator = SingleProcess()
  ) throws {
    try configuration.validate()
    self.objective = objective ?? configuration.namedObjective
    self.model = model
    self.configuration = configuration
    self.source = source
    loop = TrainingLoop(directory: directory, communicator: communicator)
    model.prepareForPretraining(configuration, objective: self.objective)
    model.vision.statisticsRanks = configuration.synchronizesBatchNorm == true ? communicator : nil
    var settings = AdamW.Configuration()
    settings.weightDecay = configuration.weightDecay
    let own = (self.objective as? any Module)?.parameters ?? []
    let trained = model.parameters + own.map { ("objective." + $0.name, $0.parameter) }
    optimizer = AdamW(trained.filter { $0.parameter.isTrainable }, configuration: settings)
    average = configuration.averageDecay.map { ExponentialMovingAverage(of: model, decay: $0) }
  }

  /// The number of completed optimizer steps.
  public var step: Int { loop.state.step }

  /// Resumes from the newest valid checkpoint. A damaged one is moved aside, to `damaged-…`, and reported as
  /// ``PretrainingEvent/warned(_:)``; the previous one is used instead.
  /// - Throws: the error of the newest checkpoint if none can be used or matches the model.
  public func resume() throws { try loop.resume(self) }

  /// Resets the best validation result, for a resumed run whose validation has changed.
  public func forgetBest() { loop.forgetBest() }

  /// Trains until the end, early stopping, or ``stopRequest``.
  ///
  /// After a failure, such as an unreadable image, the completed steps are saved before the error is thrown.
  /// - Throws: ``PretrainingError``, errors of the source of batches or of validation, and
  ///   `CheckpointError` if a checkpoint cannot be written.
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
    // A step that fails must not change the running statistics.
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

  /// Validates the EMA weights if there are any, since those are the ones to use.
  private func measured<Result>(_ body: () throws -> Result) rethrows -> Result {
    if let average { return try average.whileApplied(body) }
    return try body()
  }

  func save(_ state: TrainingState) throws {
    var state = state
    state.averageSteps = average?.steps ?? 0
    try directory.save(
      state, model: model, objective: objective, optimizer: optimizer, average: average)
  }

  func restore(_ checkpoint: URL) throws -> TrainingState {
    try directory.restore(
      checkpoint, model: model, objective: objective, optimizer: optimizer, average: average)
  }

  /// Broadcasts the weights, since ranks may have initialized missing ones differently.
  func shareInitialWeights() {
    communicator.shareState(of: model)
    if let own = objective as? any Module { communicator.shareState(of: own) }
    average?.adopt(steps: 0)
  }
}
