import Foundation

/// What happens in a run, for progress displays.
public enum PretrainingEvent: Sendable {
  /// Training starts at a step of so many.
  case started(step: Int, of: Int)
  /// A step has been made.
  case step(StepMetrics, of: Int)
  /// The validation pairs or probes have been looked at: named values.
  case validated(step: Int, [(name: String, value: Float)])
  /// A checkpoint is in place.
  case saved(step: Int, URL)
}

/// How a run ended.
public enum PretrainingOutcome: Sendable, Equatable {
  /// All steps were made.
  case finished(step: Int)
  /// Validation had not improved for long enough.
  case stoppedEarly(step: Int)
  /// Somebody asked for the end; the run can be resumed.
  case interrupted(step: Int)
}

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
  public let directory: RunDirectory
  /// A wish to end early.
  public let stopRequest = StopRequest()
  /// Called for each event, on the thread of ``run()``, on rank 0.
  public var onEvent: (PretrainingEvent) -> Void = { _ in }
  /// What is measured at the end of each epoch, and which of its values is to be maximised.
  public var validation: (any PretrainingValidation)?

  private let source: any PretrainingBatchSource
  private let communicator: any Communicator
  private let optimizer: AdamW
  private let average: ExponentialMovingAverage?
  private var state = TrainingState()

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
    self.directory = directory
    self.communicator = communicator
    model.prepareForPretraining(configuration)
    model.vision.statisticsRanks = configuration.synchronizesBatchNorm == true ? communicator : nil
    var settings = AdamW.Configuration()
    settings.weightDecay = configuration.weightDecay
    let trained = model.parameters.filter { $0.parameter.isTrainable }
    optimizer = AdamW(trained, configuration: settings)
    average = configuration.averageDecay.map { ExponentialMovingAverage(trained, decay: $0) }
  }

  private var isLeader: Bool { communicator.rank == 0 }

  private var stepsPerEpoch: Int {
    max(1, source.batchesPerEpoch / configuration.accumulationSteps)
  }

  /// Goes on from the newest whole checkpoint.
  /// - Throws: an error when there is none or it does not fit the model.
  public func resume() throws {
    guard let latest = directory.latest() else {
      throw PretrainingError.runDirectory("\(directory.url.path) holds no checkpoint to go on from")
    }
    state = try directory.restore(
      latest.url, model: model, optimizer: optimizer, average: average)
  }

  /// Trains until the end, early stop, or ``stopRequest``.
  public func run() throws -> PretrainingOutcome {
    let total = configuration.totalSteps(stepsPerEpoch: stepsPerEpoch)
    let log = isLeader ? try MetricsLog(directory.metricsFile, keepingThrough: state.step) : nil
    if state.step == 0 {
      shareInitialWeights()
      try save(isBest: false)
    }
    if isLeader { onEvent(.started(step: state.step, of: total)) }
    source.start(at: state.step * configuration.accumulationSteps)
    // A process that ends while threads still decode pictures may crash on its way out.
    defer { source.stop() }
    var lastSave = ContinuousClock.now
    while state.step < total {
      let metrics = try makeStep()
      try log?.write(metrics.line)
      if isLeader { onEvent(.step(metrics, of: total)) }
      let endsEpoch = state.step % stepsPerEpoch == 0
      let isLast = state.step == total
      let stops = communicator.maximum(stopRequest.isMade ? 1 : 0) > 0
      var improved = false
      if endsEpoch || isLast { improved = try validate(log) }
      let isDue = configuration.checkpointEverySteps.map { state.step % $0 == 0 } ?? endsEpoch
      let isLate = configuration.checkpointEveryMinutes.map {
        ContinuousClock.now - lastSave >= .seconds($0 * 60)
      }
      if isDue || isLast || stops || improved || communicator.maximum(isLate == true ? 1 : 0) > 0 {
        try save(isBest: improved)
        lastSave = .now
      }
      if stops && !isLast { return .interrupted(step: state.step) }
      if let patience = configuration.patience, state.epochsSinceBest >= patience {
        return .stoppedEarly(step: state.step)
      }
    }
    return .finished(step: state.step)
  }

  /// One optimizer step.
  private func makeStep() throws -> StepMetrics {
    let start = ContinuousClock.now
    let objective = configuration.objective.objective(revisionWeight: configuration.revisionWeight)
    let step = TrainingStep(
      model: model, objective: objective, configuration: configuration, communicator: communicator)
    let random = RandomStream(seed: configuration.seed).derived("step", UInt64(state.step))
    let pieces = configuration.accumulationSteps
    let averaging = GradientAveraging(
      optimizer.parameters.map(\.parameter), communicator: communicator,
      overlaps: pieces == 1 && !configuration.recomputesActivations)
    optimizer.zeroGradients()
    averaging.start()

    var sums: [(name: String, value: Float)] = []
    var loss: Float = 0
    var samples = 0
    for piece in 0..<pieces {
      let batch = try source.next()
      samples += batch.labelled.texts.count + (batch.expert?.texts.count ?? 0)
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
    let number = state.step + 1
    guard loss.isFinite, norm.value.isFinite else {
      throw PretrainingError.notFinite(
        step: number, what: loss.isFinite ? "the gradient" : "the loss",
        checkpoint: directory.latest()?.url.path)
    }
    let rate = configuration.schedule(stepsPerEpoch: stepsPerEpoch)
      .rate(configuration.learningRate, at: state.step)
    optimizer.step(learningRate: rate, gradientScale: norm.scale)
    optimizer.zeroGradients()
    average?.update()
    state.step = number
    state.averageSteps = average?.steps ?? 0
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    return StepMetrics(
      step: number, epoch: (number - 1) / stepsPerEpoch + configuration.startEpoch,
      learningRate: rate, loss: loss, terms: sums, gradientNorm: norm.value,
      samplesPerSecond: Double(samples * communicator.size) / elapsed)
  }

  /// Measures the model; returns whether it is the best so far.
  private func validate(_ log: MetricsLog?) throws -> Bool {
    guard let validation else { return false }
    let values = try measured { try validation.measure(model) }
    if isLeader {
      try log?.write(StepMetrics.validationLine(step: state.step, values))
      onEvent(.validated(step: state.step, values))
    }
    guard let monitored = values.first?.value else { return false }
    // What is not finite, such as a score over no images, is never the best.
    if monitored.isFinite, state.best.map({ monitored > $0 }) ?? true {
      state.best = monitored
      state.epochsSinceBest = 0
      return true
    }
    state.epochsSinceBest += 1
    return false
  }

  /// Validates with the averaged weights where there are any: they are what is going to be used.
  private func measured<Result>(_ body: () throws -> Result) rethrows -> Result {
    if let average { return try average.whileApplied(body) }
    return try body()
  }

  private func save(isBest: Bool) throws {
    if isLeader {
      try directory.save(state, model: model, optimizer: optimizer, average: average)
      if isBest { try directory.markBest(step: state.step) }
      directory.prune(keeping: configuration.keepsCheckpoints)
      onEvent(.saved(step: state.step, directory.checkpoint(step: state.step)))
    }
    communicator.barrier()
  }

  /// Ranks may have made different random weights for what the checkpoint lacked.
  private func shareInitialWeights() {
    guard communicator.size > 1 else { return }
    for entry in model.stateEntries() {
      if let parameter = entry.parameter {
        parameter.value = communicator.broadcast(parameter.value)
      }
      if let buffer = entry.buffer { buffer.value = communicator.broadcast(buffer.value) }
    }
  }
}

/// Something to measure at the end of an epoch.
public protocol PretrainingValidation: AnyObject {
  /// Named values, the one to be maximised first.
  func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)]
}
