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
  public let directory: RunDirectory
  /// A wish to end early.
  public let stopRequest = StopRequest()
  /// Called for each event, on the thread of ``run()``, on rank 0.
  public var onEvent: (PretrainingEvent) -> Void = { _ in }
  /// What is measured at the end of each epoch, and which of its values is to be maximized.
  public var validation: (any PretrainingValidation)?

  private let source: any PretrainingBatchSource
  private let communicator: any Communicator
  private let optimizer: AdamW
  private let average: ExponentialMovingAverage?
  private var state = TrainingState()
  private var savedStep: Int?
  /// Whether the failure that ends the run is known to all ranks, so that they can wait for each other.
  private var failsTogether = false

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
    average = configuration.averageDecay.map { ExponentialMovingAverage(of: model, decay: $0) }
  }

  private var isLeader: Bool { communicator.rank == 0 }

  private var stepsPerEpoch: Int {
    configuration.stepsPerEpoch(batchesPerEpoch: source.batchesPerEpoch)
  }

  /// Optimizer steps made so far.
  public var step: Int { state.step }

  /// Continues from the newest whole checkpoint. A damaged one is moved aside, to `damaged-…`, and told
  /// as ``PretrainingEvent/warned(_:)``; the one before it is taken then.
  /// - Throws: what is wrong with the newest one when none can be used, or fits the model.
  public func resume() throws {
    var damaged: [(step: Int, error: any Error)] = []
    for step in try directory.checkpointSteps().reversed() {
      do {
        state = try directory.restore(
          directory.checkpoint(step: step), model: model, optimizer: optimizer, average: average)
        savedStep = state.step
        break
      } catch {
        damaged.append((step, error))
      }
    }
    guard savedStep != nil else {
      throw damaged.first?.error
        ?? PretrainingError.runDirectory("\(directory.url.path) holds no checkpoint to resume from")
    }
    let newest = communicator.maximum(Float(state.step))
    guard newest == Float(state.step) else {
      throw PretrainingError.runDirectory(
        "\(directory.url.path): rank \(communicator.rank) could only read step \(state.step), another "
          + "one step \(Int(newest)); is the directory shared?")
    }
    guard isLeader else { return }
    for (step, error) in damaged {
      let place = try directory.setAside(step: step)
      onEvent(
        .warned(
          "The checkpoint of step \(step) cannot be used (\(Self.text(of: error))); it was moved to "
            + "\(place.path), and the run continues from step \(state.step)"))
    }
  }

  /// Forgets how well validation went so far: for a resumed run that is validated otherwise than before.
  public func forgetBest() {
    state.best = nil
    state.epochsSinceBest = 0
  }

  /// Trains until the end, early stop, or ``stopRequest``.
  ///
  /// A failure, such as an image that cannot be read, loses no step either: those that were made are
  /// saved before the error is thrown.
  /// - Throws: ``PretrainingError``, what the source of batches or the validation throws, and
  ///   `CheckpointError` where a checkpoint cannot be written.
  public func run() throws -> PretrainingOutcome {
    let total = configuration.totalSteps(stepsPerEpoch: stepsPerEpoch)
    let log = isLeader ? try MetricsLog(directory.metricsFile, keepingThrough: state.step) : nil
    if state.step == 0 {
      shareInitialWeights()
      try save(isBest: false)
    }
    if isLeader { onEvent(.started(step: state.step, of: total)) }
    // A run that was resumed with a new limit may have nothing left to do.
    if isOutOfPatience && state.step < total { return .stoppedEarly(step: state.step) }
    source.start(at: state.step * configuration.accumulationSteps)
    // A process that ends while threads still decode images may crash on its way out.
    defer { source.stop() }
    do {
      return try train(total, log)
    } catch {
      // All ranks have the same state, so the leader's will do.
      if isLeader, savedStep != state.step { try? write(isBest: false) }
      if failsTogether { communicator.barrier() }
      throw error
    }
  }

  private func train(_ total: Int, _ log: MetricsLog?) throws -> PretrainingOutcome {
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
      let ends = isLast || stops || isOutOfPatience
      if isDue || ends || improved || communicator.maximum(isLate == true ? 1 : 0) > 0 {
        try save(isBest: improved)
        lastSave = .now
      }
      if stops && !isLast { return .interrupted(step: state.step) }
      if isOutOfPatience && !isLast { return .stoppedEarly(step: state.step) }
    }
    return .finished(step: state.step)
  }

  private var isOutOfPatience: Bool {
    configuration.patience.map { state.epochsSinceBest >= $0 } ?? false
  }

  private static func text(of error: any Error) -> String {
    (error as? any LocalizedError)?.errorDescription ?? "\(error)"
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
    let statistics = model.stateEntries().compactMap(\.buffer).map { ($0, $0.value) }
    var isDone = false
    // A step that fails half-way must not leave traces in the running statistics.
    defer { if !isDone { for (buffer, value) in statistics { buffer.value = value } } }
    for piece in 0..<pieces {
      let batch = try nextBatch()
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
    let number = state.step + 1
    guard loss.isFinite, norm.value.isFinite else {
      failsTogether = true
      throw PretrainingError.notFinite(
        step: number, what: loss.isFinite ? "the gradient" : "the loss",
        checkpoint: directory.checkpoint(step: state.step).path)
    }
    isDone = true
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

  /// The next batch; an error when any rank has none, so that none waits for one that has failed.
  private func nextBatch() throws -> PretrainingBatch {
    let batch = Result { try source.next() }
    let isWhole = if case .success = batch { true } else { false }
    guard communicator.maximum(isWhole ? 0 : 1) == 0, isWhole else {
      failsTogether = true
      _ = try batch.get()
      throw PretrainingError.otherRank
    }
    return try batch.get()
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
    if isLeader { try write(isBest: isBest) }
    savedStep = state.step
    communicator.barrier()
  }

  private func write(isBest: Bool) throws {
    try directory.save(state, model: model, optimizer: optimizer, average: average)
    if isBest {
      try directory.markBest(
        step: state.step, model: average == nil ? nil : RunDirectory.averageFolder)
    }
    try directory.prune(keeping: configuration.keepsCheckpoints)
    onEvent(.saved(step: state.step, directory.checkpoint(step: state.step)))
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
    average?.adopt(steps: 0)
  }
}
