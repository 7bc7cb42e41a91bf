import Foundation

/// CLIP-Adapter, a small network between image features and texts (Gao et al., IJCV 2024), as published.
///
/// `A(x) = relu(W₂ relu(W₁ x))` without biases, `x~ = normalize(r A(x) + (1 - r) x)` with r = 0.2,
/// logits `exp(s) x~ Tᵀ`. Trained with AdamW (learning rate 1e-3, epsilon 1e-4, weight decay 0.01), batch
/// size 1, a cosine schedule to zero over all steps, in the same order in all epochs; s and T are frozen.
public struct CLIPAdapter: FeatureClassifier {
  /// The training settings.
  public struct Options: Sendable, Equatable, Codable {
    /// The number of epochs.
    public var epochs = 40
    /// The initial learning rate.
    public var learningRate = 1e-3
    /// AdamW's epsilon.
    public var epsilon = 1e-4
    /// AdamW's weight decay.
    public var weightDecay = 0.01
    /// The residual ratio r of the adapted features.
    public var ratio: Float = 0.2
    /// The reduction of the hidden layer: its width is D divided by this.
    public var reduction = 4
    /// The random seed; initial weights are those of `torch.manual_seed(seed)`.
    public var seed: UInt64 = 42

    /// The published settings.
    public init() {}
  }

  /// The text embeddings of the classes.
  public let knowledge: ClassKnowledge
  /// W₁, `[D / 4, D]`.
  public let down: Tensor
  /// W₂, `[D, D / 4]`.
  public let up: Tensor
  /// The residual ratio r of the adapted features.
  public let ratio: Float

  /// Creates an adapter with given weights.
  public init(knowledge: ClassKnowledge, down: Tensor, up: Tensor, ratio: Float = 0.2) {
    precondition(down.rank == 2 && up.shape == [down.shape[1], down.shape[0]])
    self.knowledge = knowledge
    self.down = down.detached
    self.up = up.detached
    self.ratio = ratio
  }

  /// Trains an adapter. A step takes about 0.1 ms for 512 features.
  ///
  /// - `random`: shuffles the samples, once.
  /// - Throws: ``TransferError/invalid(_:)`` when features are not projected.
  public static func fit(
    _ training: TrainingFeatures, knowledge: ClassKnowledge, options: Options = Options(),
    random: inout PythonRandom
  ) throws(TransferError) -> CLIPAdapter {
    try training.checkWidth(knowledge, method: "clip-adapter")
    let width = training.features.shape[1]
    let hidden = max(1, width / options.reduction)
    var generator = TorchGenerator(seed: options.seed)
    var constants = SampleTrainedMatrix.Options()
    constants.epsilon = options.epsilon
    constants.weightDecay = options.weightDecay
    let down = SampleTrainedMatrix(
      generator.linearWeight(inputs: width, outputs: hidden), rows: hidden, columns: width,
      options: constants)
    let up = SampleTrainedMatrix(
      generator.linearWeight(inputs: hidden, outputs: width), rows: width, columns: hidden,
      options: constants)
    let texts = SampleTrainedMatrix(
      knowledge.textEmbeddings.scalars, rows: training.classCount, columns: width)

    var order = Array(0..<training.count)
    random.shuffle(&order)
    let steps = options.epochs * training.count
    for step in 0..<steps {
      let sample = order[step % training.count]
      let rate = options.learningRate / 2 * (1 + cos(.pi * Double(step) / Double(steps)))
      train(
        training.row(sample), label: training.labels[sample], down: down, up: up, texts: texts,
        factor: knowledge.factor, ratio: options.ratio, learningRate: rate)
    }
    return CLIPAdapter(
      knowledge: knowledge, down: Tensor(down.weights, shape: [hidden, width]),
      up: Tensor(up.weights, shape: [width, hidden]), ratio: options.ratio)
  }

  private static func train(
    _ x: [Float], label: Int, down: SampleTrainedMatrix, up: SampleTrainedMatrix,
    texts: SampleTrainedMatrix, factor: Float, ratio: Float, learningRate: Double
  ) {
    // Forward: h = relu(W₁x) [D/4], a = relu(W₂h) [D], z = r a + (1 - r) x [D], u = z / ‖z‖ [D].
    let h = down.apply(x).map { max($0, 0) }
    let a = up.apply(h).map { max($0, 0) }
    let z = zip(a, x).map { ratio * $0 + (1 - ratio) * $1 }
    // Zero features, for instance of a black image, stay zero.
    let length = z.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let norm = length > 0 ? length : .infinity
    let u = z.map { $0 / norm }
    let logits = texts.apply(u).map { factor * $0 }
    // Backward: dL/du = f Tᵀ(p - y), dL/dz = (dL/du - u (u·dL/du)) / ‖z‖, then layer by layer.
    let errors = logitErrors(logits, label: label).map { factor * $0 }
    let du = texts.applyTransposed(errors)
    let along = zip(u, du).reduce(0) { $0 + $1.0 * $1.1 }
    let da = a.indices.map { a[$0] > 0 ? ratio * (du[$0] - u[$0] * along) / norm : 0 }
    let dh = up.applyTransposed(da)
    let dHidden = h.indices.map { h[$0] > 0 ? dh[$0] : 0 }
    up.step(delta: da, input: h, learningRate: learningRate)
    down.step(delta: dHidden, input: x, learningRate: learningRate)
  }

  /// Adapted features, `[N, D]`, of unit norm.
  func adapted(_ features: Tensor) -> Tensor {
    let hidden = linear(features, weight: down).relu()
    let mixed = linear(hidden, weight: up).relu() * ratio + features * (1 - ratio)
    return mixed.l2Normalized()
  }

  /// `exp(s) x~ Tᵀ`, `[N, K]`.
  public func logits(_ features: Tensor) -> Tensor { knowledge.similarities(adapted(features)) }
}

/// softmax(logits) - onehot(label): the gradient of the cross-entropy.
func logitErrors(_ logits: [Float], label: Int) -> [Float] {
  let top = logits.max() ?? 0
  let powers = logits.map { exp($0 - top) }
  let sum = powers.reduce(0, +)
  return powers.indices.map { powers[$0] / sum - ($0 == label ? 1 : 0) }
}
