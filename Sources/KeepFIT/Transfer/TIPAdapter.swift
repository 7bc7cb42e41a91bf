import Foundation

/// TIP-Adapter: texts combined with a cache of training features (Zhang et al., ECCV 2022), as published.
///
/// `logits = 100 X Tᵀ + α exp(-β (1 - X Kᵀ)) V` with keys K, the training features, and values V,
/// their one-hot labels. TIP-Adapter-F trains the keys.
public struct TIPAdapter: FeatureClassifier {
  /// The settings of the cache and its training.
  public struct Options: Sendable, Equatable, Codable {
    /// The weight α of the cache.
    public var alpha: Float = 1
    /// The sharpness β of the cache.
    public var beta: Float = 5
    /// Trains the keys: TIP-Adapter-F.
    public var trainsKeys = false
    /// The number of epochs.
    public var epochs = 40
    /// AdamW's learning rate, which is constant.
    public var learningRate = 1e-3
    /// AdamW's epsilon.
    public var epsilon = 1e-4
    /// AdamW's weight decay.
    public var weightDecay = 0.01
    /// As in the released code, training queries share storage with the keys and change with them. Otherwise
    /// queries are the extracted features.
    public var queriesFollowKeys = false
    /// Predicts with the formula used in training, with a text weight of exp(s) and a cache weight of
    /// exp(s) / N, instead of the published 100 and 1.
    public var predictsAsTrained = false

    /// The published settings, with fixed queries.
    public init() {}
  }

  /// The text embeddings of the classes.
  public let knowledge: ClassKnowledge
  /// `[N, D]`.
  public let keys: Tensor
  /// The class of each key.
  public let labels: [Int]
  /// The settings.
  public let options: Options

  /// Creates an adapter with given keys.
  public init(knowledge: ClassKnowledge, keys: Tensor, labels: [Int], options: Options) {
    precondition(keys.rank == 2 && keys.shape[0] == labels.count, "a label for every key")
    self.knowledge = knowledge
    self.keys = keys.detached
    self.labels = labels
    self.options = options
  }

  /// Fills the cache, and trains its keys if ``Options/trainsKeys`` is set.
  ///
  /// - `random`: shuffles the samples, once.
  /// - Throws: ``TransferError/invalid(_:)`` when features are not projected.
  public static func fit(
    _ training: TrainingFeatures, knowledge: ClassKnowledge, options: Options = Options(),
    random: inout PythonRandom
  ) throws(TransferError) -> TIPAdapter {
    try training.checkWidth(
      knowledge, method: options.trainsKeys ? "tip-adapter-f" : "tip-adapter")
    var keys = training.features
    if options.trainsKeys {
      keys = trainedKeys(training, knowledge: knowledge, options: options, random: &random)
    }
    return TIPAdapter(knowledge: knowledge, keys: keys, labels: training.labels, options: options)
  }

  private static func trainedKeys(
    _ training: TrainingFeatures, knowledge: ClassKnowledge, options: Options,
    random: inout PythonRandom
  ) -> Tensor {
    let (count, width) = (training.count, training.features.shape[1])
    var constants = SampleTrainedMatrix.Options()
    constants.epsilon = options.epsilon
    constants.weightDecay = options.weightDecay
    let keys = SampleTrainedMatrix(
      training.features.scalars, rows: count, columns: width, options: constants)
    let texts = SampleTrainedMatrix(
      knowledge.textEmbeddings.scalars, rows: training.classCount, columns: width)
    let factor = knowledge.factor
    let cacheScale = options.alpha * factor / Float(count)
    let labels = training.labels

    var order = Array(0..<count)
    random.shuffle(&order)
    for _ in 0..<options.epochs {
      for sample in order {
        let query = options.queriesFollowKeys ? keys.row(sample) : training.row(sample)
        // Forward: a = K q [N], e = exp(-β (1 - a)) [N], logits = f T q + c Vᵀe [K].
        let weights = keys.apply(query).map { exp(-options.beta * (1 - $0)) }
        var logits = texts.apply(query).map { factor * $0 }
        for index in 0..<count { logits[labels[index]] += cacheScale * weights[index] }
        // Backward: dL/da_j = β c e_j (p - y)_{label j}; the keys' gradient is dL/da qᵀ.
        let errors = logitErrors(logits, label: labels[sample])
        let delta = (0..<count).map {
          options.beta * cacheScale * weights[$0] * errors[labels[$0]]
        }
        keys.step(delta: delta, input: query, learningRate: options.learningRate)
      }
    }
    return Tensor(keys.weights, shape: [count, width])
  }

  /// Logits of all classes, `[N, K]`.
  public func logits(_ features: Tensor) -> Tensor {
    let classes = knowledge.textEmbeddings.shape[0]
    let values = Tensor.oneHot(labels, count: classes)
    let affinity = matmul(features, keys, transposeB: true)
    let cache = matmul((affinity * options.beta - options.beta).exp(), values)
    let text = matmul(features, knowledge.textEmbeddings, transposeB: true)
    if options.predictsAsTrained {
      let factor = knowledge.factor
      return text * factor + cache * (options.alpha * factor / Float(labels.count))
    }
    return text * 100 + cache * options.alpha
  }
}
