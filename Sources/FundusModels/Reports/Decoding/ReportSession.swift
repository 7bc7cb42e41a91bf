import FundusTensor

/// An autoregressive decoding session of a report model, with a key-value cache.
///
/// Rows of all studies share one matrix product per layer. When prefixes are reordered nothing is copied:
/// each row knows which rows of the earlier steps its words are.
public struct ReportSession: NextTokenModel {
  private let model: ReportModel
  private let memory: ReportMemory
  /// Keys and values of the patches, `[studies * patches, 2 D]` a layer.
  private let patchKeys: [Tensor]
  /// Queries, keys and values of the words of each step, `[R, 3 D]` for each layer.
  private var steps: [[Tensor]] = []
  /// Of each row of the last step: its study, and its row in every step.
  private var studies: [Int32]
  private var ancestors: [[Int32]] = []
  private let keepsAttention: Bool

  /// The attention of the last layer for each row of the last step: `[R, patches]`, averaged over heads; rows
  /// sum to 1. nil unless requested.
  public private(set) var attention: Tensor?

  /// The number of ids of the model.
  public var tokenCount: Int { model.configuration.vocabularySize }

  /// The number of words that have been read.
  public var length: Int { steps.count }

  /// Starts a session without words.
  /// - Parameters:
  ///   - model: what writes.
  ///   - memory: the studies.
  ///   - keepsAttention: whether ``attention`` is wanted.
  public init(_ model: ReportModel, memory: ReportMemory, keepsAttention: Bool = false) {
    self.model = model
    self.memory = memory
    self.keepsAttention = keepsAttention
    patchKeys = Autograd.withoutGradients {
      model.decoder.map { $0.patchAttention.keyValue(of: memory.rows, mode: .inference) }
    }
    studies = (0..<Int32(memory.studies)).map { $0 }
  }

  /// Continues prefixes by a token each (see ``NextTokenModel``).
  public mutating func logProbabilities(parents: [Int], tokens: [Int32]) -> Tensor {
    precondition(parents.count == tokens.count, "a token for each prefix")
    precondition(
      length < ReportModel.Configuration.positions,
      "a report has at most \(ReportModel.Configuration.positions) ids")
    let isFirst = steps.isEmpty
    ancestors = parents.enumerated().map { row, parent in
      (isFirst ? [] : ancestors[parent]) + [Int32(row)]
    }
    studies = parents.map { studies[$0] }
    return Autograd.withoutGradients { advance(tokens).logSoftmax(axis: 1) }
  }

  private mutating func advance(_ tokens: [Int32]) -> Tensor {
    let width = model.configuration.width
    let place = model.positions.value.reshaped([-1, width]).sliced(length..<length + 1)
    var x =
      model.wordEmbedding(tokens, mode: .inference) * Float(width).squareRoot()
      + Tensor.embedding(
        place, ids: Array(repeating: 0, count: tokens.count), shape: [tokens.count])
    let patches = Int32(memory.patches)
    let words = ancestors.flatMap { $0 }
    let looks = studies.flatMap { study in study * patches..<(study + 1) * patches }
    var step: [Tensor] = []
    for (index, layer) in model.decoder.enumerated() {
      let own = layer.attention.queryKeyValue(of: layer.norms[0](x, mode: .inference))
      step.append(own)
      let keys = GatheredKeys(
        positions: steps.map { $0[index] } + [own], indices: words, keyColumn: width,
        valueColumn: 2 * width)
      let heads = model.configuration.heads
      let mixed = gatheredAttention(own, keys: keys, width: width, heads: heads).mixed
      let attended = layer.attention.linears[3].infer(mixed, residual: x)

      let look = layer.patchAttention
      let patchRows = GatheredKeys(
        positions: Array(repeating: patchKeys[index], count: memory.patches), indices: looks,
        keyColumn: 0, valueColumn: width)
      let isLast = index + 1 == model.decoder.count
      let (seen, weights) = gatheredAttention(
        look.linears[0].infer(layer.norms[1](attended, mode: .inference)), keys: patchRows,
        width: width, heads: heads, keepsWeights: keepsAttention && isLast)
      if let weights { attention = weights.mean(axis: 1) }
      let looked = look.linears[3].infer(seen, residual: attended)

      let hidden = layer.feedForward.first.infer(
        layer.norms[2](looked, mode: .inference), activation: .relu)
      x = layer.feedForward.second.infer(hidden, residual: looked)
    }
    steps.append(step)
    return model.output.infer(model.decoderNorm(x, mode: .inference))
  }
}
