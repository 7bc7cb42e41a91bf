import Foundation

/// A fine-tuned model, until ``restore()`` restores its original weights.
public final class FineTunedModel {
  /// The model, with the fine-tuned weights.
  public let model: any TrainableTransferModel
  /// The classifier's weight, `[K, D]`.
  public private(set) var weight: Tensor
  /// The classifier's bias, `[K]`.
  public private(set) var bias: Tensor
  /// The training history.
  public private(set) var history: [FineTuning.Epoch] = []
  /// The epoch of the current weights.
  public private(set) var bestEpoch = 0
  /// Whether features go through the projection head.
  public let projects: Bool
  let source: ImageSource
  private let batchSize: Int
  private let original: [Tensor]

  /// Image files with their classes.
  public struct Samples: Sendable {
    /// The files.
    public var urls: [URL]
    /// Their classes.
    public var labels: [Int]
    /// For several labels per image: whether each label applies, `[N, K]`; ``labels`` is then empty.
    public var targets: [[Bool]]?

    /// Creates it from files and classes.
    public init(urls: [URL], labels: [Int]) {
      precondition(urls.count == labels.count, "a class for every image")
      self.urls = urls
      self.labels = labels
    }

    /// Creates it from files with any number of labels each, `[N, K]`. The loss is then the binary
    /// cross-entropy, and the best epoch has the highest mean average precision.
    public init(urls: [URL], targets: [[Bool]]) {
      precondition(urls.count == targets.count, "targets for every image")
      self.urls = urls
      labels = []
      self.targets = targets
    }

    /// The loss of a batch of logits `[B, K]`.
    func loss(_ logits: Tensor, batch: [Int]) -> Tensor {
      guard let targets else {
        return Tensor.crossEntropy(logits: logits, classes: batch.map { labels[$0] })
      }
      let values = batch.flatMap { targets[$0].map { $0 ? Float(1) : 0 } }
      return Tensor.binaryCrossEntropy(
        logits: logits, targets: Tensor(values, shape: logits.shape))
    }

    /// The score by which the best epoch is selected: macro F1, or the mean average precision.
    func score(_ logits: Tensor, classCount: Int) throws -> Double {
      guard let targets else {
        let predictions = try Predictions(
          labels: labels, classCount: classCount,
          probabilities: logits.softmax().scalars.map(Double.init))
        return ClassificationMetrics(predictions).f1
      }
      let values = logits.scalars
      let precisions = (0..<classCount).compactMap { label in
        RankCurves(
          truth: targets.map { $0[label] },
          scores: targets.indices.map { Double(values[$0 * classCount + label]) }
        ).averagePrecision
      }
      return precisions.isEmpty ? 0 : PublishedArithmetic.mean(precisions)
    }
  }

  /// Fine-tunes the model, which keeps the new weights until ``restore()``.
  ///
  /// - `validation`: images to select the best epoch; may be empty.
  /// - `augments`: whether training images are augmented, differently in each epoch.
  /// - `progress`: called after every step with epoch, step, steps per epoch and loss.
  /// - Throws: errors of image loading; ``TransferError`` when the loss is not finite.
  public init(
    _ model: any TrainableTransferModel, training: Samples, validation: Samples, classCount: Int,
    source: ImageSource, projects: Bool, augments: Bool, options: FineTuning.Options,
    progress: ((_ epoch: Int, _ step: Int, _ steps: Int, _ loss: Double) -> Void)? = nil
  ) throws {
    self.model = model
    self.projects = projects
    self.source = source
    batchSize = options.batchSize
    original = model.imageState.map { $0.exported.copy() }
    weight = Tensor(zeros: [classCount, 1])
    bias = Tensor(zeros: [classCount])
    guard !training.urls.isEmpty else {
      throw TransferError.invalid(
        "this method needs training images, and the split has none")
    }
    var generator = TorchGenerator(seed: options.seed)
    let (first, shift) = try firstClassifier(
      training, classCount: classCount, options: options, generator: &generator)
    let classifier = (weight: Parameter(first), bias: Parameter(shift))
    do {
      try train(
        classifier, training: training, validation: validation, classCount: classCount,
        augments: augments, options: options, generator: &generator, progress: progress)
    } catch {
      restore()
      throw error
    }
  }

  private func firstClassifier(
    _ training: Samples, classCount: Int, options: FineTuning.Options,
    generator: inout TorchGenerator
  ) throws -> (weight: Tensor, bias: Tensor) {
    if options.startsFromProbe {
      let features = try features(of: training.urls)
      if let targets = training.targets {
        let probes = try LabelProbes(features: features, targets: targets)
        return (probes.weight, probes.bias)
      }
      let probe = try LinearProbe(
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
    let probe = try features(of: [training.urls[0]])
    let width = probe.shape[1]
    let weights = generator.linearWeight(inputs: width, outputs: classCount)
    let bound = 1 / Float(width).squareRoot()
    let shifts = generator.uniform(count: classCount, in: -bound...bound)
    return (
      Tensor(weights, shape: [classCount, width]), Tensor(shifts, shape: [classCount])
    )
  }

  private func train(
    _ classifier: (weight: Parameter, bias: Parameter), training: Samples, validation: Samples,
    classCount: Int, augments: Bool, options: FineTuning.Options,
    generator: inout TorchGenerator,
    progress: ((_ epoch: Int, _ step: Int, _ steps: Int, _ loss: Double) -> Void)?
  ) throws {
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
        let images = try load(
          batch.map { training.urls[$0] }, random: augments ? random : nil)
        let features = model.trainingFeatures(
          of: images, projected: projects,
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
        progress?(epoch, step + 1, steps, Double(loss.item))
      }
      weight = classifier.weight.value
      bias = classifier.bias.value
      bestEpoch = epoch
      var f1: Double?
      if !validation.urls.isEmpty {
        f1 = try validation.score(logits(validation.urls), classCount: classCount)
      }
      history.append(FineTuning.Epoch(epoch: epoch, loss: total / Double(steps), validationF1: f1))
      guard let f1 else { continue }
      if best == nil || f1 > best!.f1 {
        let state = model.imageState.map { $0.exported.copy() }
        best = (f1, state, weight.copy(), bias.copy())
      }
      let bestSoFar = history.firstIndex { $0.validationF1 == best!.f1 }! + 1
      if epoch - bestSoFar >= options.patience { break }
    }
    if let best {
      load(best.state)
      (weight, bias) = (best.weight, best.bias)
      bestEpoch = history.firstIndex { $0.validationF1 == best.f1 }! + 1
    }
  }

  private func load(_ urls: [URL], random: RandomStream?) throws -> Tensor {
    let source = source
    let images = ThreadPool.map(urls.count) { index in
      Result {
        let image = try source.load(urls[index])
        return random.map { source.augment(image, $0.derived(UInt64(index))) } ?? image
      }
    }
    return Tensor.stacked(try images.map { try $0.get() })
  }

  private func features(of urls: [URL], random: RandomStream? = nil) throws -> Tensor {
    var parts: [Tensor] = []
    for first in stride(from: 0, to: urls.count, by: batchSize) {
      let batch = Array(urls[first..<min(urls.count, first + batchSize)])
      let images = try load(batch, random: random?.derived(UInt64(first)))
      parts.append(
        Autograd.withoutGradients {
          let raw = model.features(of: images)
          return projects ? model.projected(raw) : raw
        })
    }
    return Tensor.concatenated(parts)
  }

  /// Logits of all classes, `[N, K]`, for image files.
  /// - `random`: augments every image at random, for test-time augmentation.
  public func logits(_ urls: [URL], random: RandomStream? = nil) throws -> Tensor {
    let features = try features(of: urls, random: random)
    return Autograd.withoutGradients { linear(features, weight: weight, bias: bias) }
  }

  /// The fine-tuned weights of the image encoder, by their names in a checkpoint.
  public var state: [(name: String, tensor: Tensor)] {
    model.imageState.map { ($0.name, $0.exported) }
  }

  private func load(_ state: [Tensor]) {
    for (entry, tensor) in zip(model.imageState, state) { entry.load(tensor) }
  }

  /// Restores the original weights of the model.
  public func restore() { load(original) }
}
