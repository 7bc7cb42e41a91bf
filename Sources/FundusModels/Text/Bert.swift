/// The BERT encoder (Devlin et al., arXiv 1810.04805) with the exact GELU, under the names of
/// Hugging Face checkpoints.
///
/// Any number of threads may use one encoder for inference at the same time.
public final class Bert: Module, Sendable {
  /// The sizes.
  public var configuration: BertConfiguration { settings.withLock { $0.configuration } }
  /// `[vocabulary, D]`, `[positions, D]` and `[types, D]`.
  public let wordEmbeddings, positionEmbeddings, tokenTypeEmbeddings: Parameter
  /// In training, computes each layer again in the backward pass instead of keeping its intermediate
  /// results.
  public var recomputesLayers: Bool {
    get { settings.withLock { $0.recomputesLayers } }
    set { settings.withLock { $0.recomputesLayers = newValue } }
  }
  let embeddingNorm: LayerNorm
  let layers: [BertLayer]
  /// The pooler, which is part of every checkpoint but not used.
  let pooler: Linear

  private struct Settings {
    var configuration: BertConfiguration
    var recomputesLayers = false
  }
  private let settings: Guarded<Settings>

  /// A model with weights from a normal distribution with standard deviation 0.02, as in BERT.
  /// - Precondition: the configuration is valid (``BertConfiguration/validate()``).
  public init(_ configuration: BertConfiguration = .base, initialization: Initialization) {
    precondition((try? configuration.validate()) != nil, "an invalid configuration")
    settings = Guarded(Settings(configuration: configuration))
    let width = configuration.hiddenSize
    func table(_ name: String, _ rows: Int) -> Parameter {
      Parameter(initialization.derived(name).normal([rows, width], deviation: 0.02))
    }
    wordEmbeddings = table("word", configuration.vocabularySize)
    positionEmbeddings = table("position", configuration.maximumPositions)
    tokenTypeEmbeddings = table("type", configuration.tokenTypeCount)
    embeddingNorm = LayerNorm(
      features: width, epsilon: configuration.layerNormEpsilon,
      initialization: initialization.derived("norm"))
    layers = (0..<configuration.layerCount).map {
      BertLayer(configuration, initialization: initialization.derived("layer.\($0)"))
    }
    pooler = Linear(
      bertInputs: width, outputs: width, initialization: initialization.derived("pooler"))
  }

  /// Sets all dropout rates, which have an effect in training only.
  /// - Parameter rate: in `0..<1`.
  public func setDropout(_ rate: Float) {
    precondition((0..<1).contains(rate), "a dropout rate of \(rate)")
    settings.withLock {
      $0.configuration.hiddenDropout = rate
      $0.configuration.attentionDropout = rate
    }
  }

  /// Registers the state with Hugging Face's names, without a prefix.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("embeddings.word_embeddings.weight", wordEmbeddings)
    state.parameter("embeddings.position_embeddings.weight", positionEmbeddings)
    state.parameter("embeddings.token_type_embeddings.weight", tokenTypeEmbeddings)
    state.child("embeddings.LayerNorm", embeddingNorm)
    for (index, layer) in layers.enumerated() { state.child("encoder.layer.\(index)", layer) }
    state.child("pooler.dense", pooler)
  }

  /// The embedding output and the outputs of all layers, `[N, T, D]` each, including padding.
  ///
  /// Padding is masked in attention.
  /// - Precondition: rows are not longer than the number of positions, and ids are below the vocabulary size.
  public func hiddenStates(
    of batch: TokenBatch, mode: ExecutionMode = .inference
  ) -> [Tensor] {
    let rows = BertRows([batch], keepsPadding: true)
    let all = encode(rows, layers: Set(0...layers.count), mode: mode)
    let shape = [batch.count, batch.length, configuration.hiddenSize]
    return (0...layers.count).map { all[$0]!.reshaped(shape) }
  }

  /// The outputs of the requested layers, `[R, D]`; 0 is the embedding output. In inference parameters are
  /// constants.
  func encode(_ rows: BertRows, layers wanted: Set<Int>, mode: ExecutionMode) -> [Int: Tensor] {
    mode.isTraining
      ? outputs(of: rows, layers: wanted, mode: mode)
      : Autograd.withoutGradients { outputs(of: rows, layers: wanted, mode: mode) }
  }

  private func outputs(
    of rows: BertRows, layers wanted: Set<Int>, mode: ExecutionMode
  ) -> [Int: Tensor] {
    let settings = settings.withLock { $0 }
    let rates = BertLayer.Dropout(
      hidden: settings.configuration.hiddenDropout,
      attention: settings.configuration.attentionDropout)
    var x = embed(rows, mode: mode, settings.configuration)
    var results: [Int: Tensor] = wanted.contains(0) ? [0: x] : [:]
    let last = wanted.max() ?? 0
    for (index, layer) in layers.enumerated() where index < last {
      if mode.isTraining {
        let mode = mode.derived(UInt64(index + 1))
        if settings.recomputesLayers {
          x = Autograd.recomputing(x, parameters: layer.parameters.map(\.parameter)) { x, _ in
            layer(x, layout: rows.layout, dropout: rates, mode: mode)
          }
        } else {
          x = layer(x, layout: rows.layout, dropout: rates, mode: mode)
        }
      } else {
        x = layer.infer(x, layout: rows.layout)
      }
      if wanted.contains(index + 1) { results[index + 1] = x }
    }
    return results
  }

  private func embed(
    _ rows: BertRows, mode: ExecutionMode, _ configuration: BertConfiguration
  ) -> Tensor {
    precondition(
      rows.longest <= configuration.maximumPositions,
      "\(rows.longest) tokens for \(configuration.maximumPositions) positions")
    let shape = [rows.ids.count]
    let words = Tensor.embedding(
      wordEmbeddings.tensor, ids: rows.ids, shape: shape, padding: configuration.paddingID)
    let positions = Tensor.embedding(
      positionEmbeddings.tensor, ids: rows.positions, shape: shape)
    let types = Tensor.embedding(
      tokenTypeEmbeddings.tensor, ids: Array(repeating: 0, count: rows.ids.count), shape: shape)
    let sum = embeddingNorm(words + types + positions)
    guard case .training(let stream) = mode else { return sum }
    return sum.dropout(configuration.hiddenDropout, stream.derived(0))
  }
}

/// The tokens of batches as the rows of one matrix.
struct BertRows {
  let ids: [Int32]
  let positions: [Int32]
  /// The number of rows of each text.
  let sizes: [Int]
  let layout: AttentionLayout

  var longest: Int { sizes.max() ?? 0 }

  /// The rows of several batches in sequence.
  /// - Parameter keepsPadding: whether padding has rows; it is always masked in attention.
  init(_ batches: [TokenBatch], keepsPadding: Bool) {
    if keepsPadding {
      ids = batches.flatMap(\.ids)
      sizes = batches.flatMap { Array(repeating: $0.length, count: $0.count) }
    } else {
      ids = batches.flatMap { batch in
        (0..<batch.count).flatMap { batch[$0].prefix(batch.lengths[$0]) }
      }
      sizes = batches.flatMap(\.lengths)
    }
    layout = AttentionLayout(lengths: batches.flatMap(\.lengths), rows: sizes)
    positions = sizes.flatMap { 0..<Int32($0) }
  }
}
