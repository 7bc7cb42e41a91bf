import Foundation

extension FineTuning {
  /// Fine-tunes a model with a classifier on its features.
  ///
  /// The model keeps the new weights until ``FineTunedModel/restore()``; after an error it has its old ones.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - training: the training images.
  ///   - validation: images to select the best epoch; may be empty.
  ///   - classCount: the number of classes.
  ///   - source: how files become model input.
  ///   - projects: whether the classifier sees projected features.
  ///   - augments: whether training images are augmented, differently in each epoch.
  ///   - options: the training settings.
  ///   - progress: called after every step.
  /// - Returns: the fine-tuned model.
  /// - Throws: errors of image loading; ``TransferError`` when the loss is not finite.
  public static func fit(
    _ model: any TrainableTransferModel, training: Samples,
    validation: Samples = Samples(urls: [], labels: []), classCount: Int, source: ImageSource,
    projects: Bool = true, augments: Bool = true, options: Options = Options(),
    progress: ((Progress) -> Void)? = nil
  ) throws -> FineTunedModel {
    guard !training.urls.isEmpty else {
      throw TransferError.invalid("this method needs training images, and the split has none")
    }
    let tuned = FineTunedModel(
      model, weight: Tensor(zeros: [classCount, 1]), bias: Tensor(zeros: [classCount]),
      projects: projects, source: source, batchSize: options.batchSize)
    var generator = TorchGenerator(seed: options.seed)
    (tuned.weight, tuned.bias) = try firstClassifier(
      tuned, training, classCount: classCount, options: options, generator: &generator)
    do {
      try train(
        tuned, training: training, validation: validation, augments: augments, options: options,
        generator: &generator, progress: progress)
    } catch {
      tuned.restore()
      throw error
    }
    return tuned
  }

  /// The classifier before the first step: a linear probe, or that of `torch.nn.Linear` with the seed.
  private static func firstClassifier(
    _ tuned: FineTunedModel, _ training: Samples, classCount: Int, options: Options,
    generator: inout TorchGenerator
  ) throws -> (weight: Tensor, bias: Tensor) {
    if options.startsFromProbe {
      let features = try tuned.features(of: training.urls)
      if let targets = training.targets {
        let probes = try LabelProbes.fit(features: features, targets: targets)
        return (probes.weight, probes.bias)
      }
      let probe = try LinearProbe.fit(
        features: features, labels: training.labels, classCount: classCount)
      let width = features.shape[1]
      // The single logit of two classes is split into half of it for one and minus half for the other.
      let (weights, intercepts) =
        classCount == 2
        ? (
          probe.weights.map { -$0 / 2 } + probe.weights.map { $0 / 2 },
          [-probe.intercepts[0] / 2, probe.intercepts[0] / 2]
        )
        : (probe.weights, probe.intercepts)
      return (
        Tensor(weights.map(Float.init), shape: [classCount, width]),
        Tensor(intercepts.map(Float.init), shape: [classCount])
      )
    }
    let probe = try tuned.features(of: [training.urls[0]])
    let width = probe.shape[1]
    let weights = generator.linearWeight(inputs: width, outputs: classCount)
    let bound = 1 / Float(width).squareRoot()
    let shifts = generator.uniform(count: classCount, in: -bound...bound)
    return (
      Tensor(weights, shape: [classCount, width]), Tensor(shifts, shape: [classCount])
    )
  }

  private static func train(
    _ tuned: FineTunedModel, training: Samples, validation: Samples, augments: Bool,
    options: Options, generator: inout TorchGenerator, progress: ((Progress) -> Void)?
  ) throws {
    let model = tuned.model
    let classifier = (weight: Parameter(tuned.weight), bias: Parameter(tuned.bias))
    let encoder = model.imageState.compactMap { entry in
      entry.parameter.map { (name: entry.name, parameter: $0) }
    }
    let wasTrainable = encoder.map(\.parameter.isTrainable)
    let froze = model.freezesBatchNorm
    defer {
      for (index, entry) in encoder.enumerated() {
        entry.parameter.isTrainable = wasTrainable[index]
        entry.parameter.zeroGradient()
      }
      model.freezesBatchNorm = froze
    }
    for entry in encoder { entry.parameter.isTrainable = options.freeze.trains(entry.name) }
    model.freezesBatchNorm = !options.updatesBatchNorm
    var constants = AdamW.Configuration()
    constants.epsilon = options.epsilon
    constants.weightDecay = options.weightDecay
    let trained =
      encoder.filter(\.parameter.isTrainable)
      + [("classifier.weight", classifier.weight), ("classifier.bias", classifier.bias)]
    let optimizer = AdamW(trained, configuration: constants)
    let stream = RandomStream(seed: options.seed).derived("fine-tuning")
    let steps = (training.urls.count + options.batchSize - 1) / options.batchSize

    var best: (f1: Double, state: [Tensor], weight: Tensor, bias: Tensor)?
    for epoch in 1...max(1, options.epochs) {
      // PyTorch's DataLoader samples a seed for its workers, then one for its sampler.
      _ = generator.int63()
      var sampler = TorchGenerator(seed: generator.int63())
      let order = sampler.permutation(training.urls.count)
      var total = 0.0
      for step in 0..<steps {
        let batch = Array(order.dropFirst(step * options.batchSize).prefix(options.batchSize))
        let random = stream.derived(UInt64(epoch), UInt64(step))
        let images = try tuned.images(
          batch.map { training.urls[$0] }, random: augments ? random : nil)
        let features = model.trainingFeatures(
          of: images, projected: tuned.projects,
          mode: options.freeze == .encoder ? .inference : .training(random.derived("model")))
        let logits = linear(
          features, weight: classifier.weight.tensor, bias: classifier.bias.tensor)
        let loss = training.loss(logits, batch: batch)
        guard loss.item.isFinite else {
          throw TransferError.invalid(
            "fine-tuning: the loss of epoch \(epoch), step \(step + 1) is not finite; lower the "
              + "learning rate")
        }
        optimizer.zeroGradients()
        loss.backward()
        let norm = GradientNorm(of: trained, limit: options.gradientNorm)
        optimizer.step(learningRate: Float(options.learningRate), gradientScale: norm.scale)
        total += Double(loss.item)
        progress?(
          Progress(epoch: epoch, step: step + 1, steps: steps, loss: Double(loss.item)))
      }
      tuned.weight = classifier.weight.value
      tuned.bias = classifier.bias.value
      tuned.bestEpoch = epoch
      var f1: Double?
      if !validation.urls.isEmpty {
        f1 = try validation.score(
          tuned.logits(validation.urls), classCount: tuned.weight.shape[0])
      }
      tuned.history.append(Epoch(epoch: epoch, loss: total / Double(steps), validationF1: f1))
      guard let f1 else { continue }
      if best == nil || f1 > best!.f1 {
        let state = model.imageState.map { $0.exported.copy() }
        best = (f1, state, tuned.weight.copy(), tuned.bias.copy())
      }
      let bestSoFar = tuned.history.firstIndex { $0.validationF1 == best!.f1 }! + 1
      if epoch - bestSoFar >= options.patience { break }
    }
    if let best {
      tuned.load(best.state)
      (tuned.weight, tuned.bias) = (best.weight, best.bias)
      tuned.bestEpoch = tuned.history.firstIndex { $0.validationF1 == best.f1 }! + 1
    }
  }
}
