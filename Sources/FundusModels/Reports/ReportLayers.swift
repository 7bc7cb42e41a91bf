import FundusTensor

/// Attention with its four maps, under the names `linears.0` (queries), `1` (keys), `2` (values) and
/// `3` (output).
final class ReportAttention: Module {
  let linears: [Linear]
  let heads: Int
  let width: Int
  /// Queries, keys and values of self-attention; keys and values of cross-attention.
  private let joinedAll, joinedKeys: JoinedLinears

  init(_ configuration: ReportModel.Configuration, _ initialization: ReportInitialization) {
    let width = configuration.width
    let linears = (0..<4).map {
      initialization.linear("linears.\($0)", inputs: width, outputs: width, kind: "attention")
    }
    self.linears = linears
    joinedAll = JoinedLinears(Array(linears[0...2]))
    joinedKeys = JoinedLinears(Array(linears[1...2]))
    heads = configuration.heads
    self.width = width
  }

  func visit(_ state: inout StateVisitor) {
    for (index, layer) in linears.enumerated() { state.child("linears.\(index)", layer) }
  }

  /// Mixed values of self-attention before the output map.
  func mixed(_ x: Tensor, layout: AttentionLayout, pass: ReportPass) -> Tensor {
    selfAttention(
      joinedAll(x, mode: pass.mode), heads: heads, layout: layout,
      dropout: pass.mode.isTraining ? pass.attentionDropout : 0, stream: pass.stream(0))
  }

  /// Mixed values of attention to `keyValue` (see ``keyValue(of:mode:)``) before the output map.
  func mixed(
    _ x: Tensor, keyValue: Tensor, layout: AttentionLayout, pass: ReportPass
  ) -> Tensor {
    crossAttention(
      pass.apply(linears[0], to: x), keyValue: keyValue, heads: heads, layout: layout,
      dropout: pass.mode.isTraining ? pass.attentionDropout : 0, stream: pass.stream(0))
  }

  /// Keys and values side by side, `[R, D]` to `[R, 2 D]`.
  func keyValue(of memory: Tensor, mode: ExecutionMode) -> Tensor { joinedKeys(memory, mode: mode) }

  /// Queries, keys and values side by side for inference, `[R, D]` to `[R, 3 D]`.
  func queryKeyValue(of x: Tensor) -> Tensor { joinedAll(x, mode: .inference) }
}

/// Two maps with ReLU between them.
final class ReportFeedForward: Module {
  let first, second: Linear

  init(_ configuration: ReportModel.Configuration, _ initialization: ReportInitialization) {
    first = initialization.linear(
      "w_1", inputs: configuration.width, outputs: configuration.feedForward, kind: "w_1")
    second = initialization.linear(
      "w_2", inputs: configuration.feedForward, outputs: configuration.width, kind: "w_2")
  }

  func visit(_ state: inout StateVisitor) {
    state.child("w_1", first)
    state.child("w_2", second)
  }

  /// x + dropout(W_2 dropout(relu(W_1 h))).
  func added(to x: Tensor, of h: Tensor, pass: ReportPass) -> Tensor {
    let hidden = pass.apply(first, to: h, relu: true)
    return pass.add(
      second, of: pass.dropped(hidden, rate: pass.dropout, use: 0), to: x, use: 1)
  }
}

/// A layer of the encoder: self-attention, then feed-forward, each of normalized input.
final class ReportEncoderLayer: Module {
  let attention: ReportAttention
  let feedForward: ReportFeedForward
  let norms: [DeviationNorm]

  init(_ configuration: ReportModel.Configuration, _ initialization: ReportInitialization) {
    attention = ReportAttention(configuration, initialization.derived("self_attn"))
    feedForward = ReportFeedForward(configuration, initialization.derived("feed_forward"))
    norms = (0..<2).map { _ in initialization.norm(configuration.width) }
  }

  func visit(_ state: inout StateVisitor) {
    state.child("self_attn", attention)
    state.child("feed_forward", feedForward)
    for (index, norm) in norms.enumerated() { state.child("sublayer.\(index).norm", norm) }
  }

  /// `[R, D]` to the same shape.
  func callAsFunction(_ x: Tensor, layout: AttentionLayout, pass: ReportPass) -> Tensor {
    let mixed = attention.mixed(
      norms[0](x, mode: pass.mode), layout: layout, pass: pass.derived(0))
    let attended = pass.add(attention.linears[3], of: mixed, to: x, use: 1)
    return feedForward.added(
      to: attended, of: norms[1](attended, mode: pass.mode), pass: pass.derived(2))
  }
}

/// A layer of the decoder: causal self-attention, attention to the patches, then feed-forward, each of
/// normalized input.
final class ReportDecoderLayer: Module {
  let attention: ReportAttention
  let patchAttention: ReportAttention
  let feedForward: ReportFeedForward
  let norms: [DeviationNorm]

  init(_ configuration: ReportModel.Configuration, _ initialization: ReportInitialization) {
    attention = ReportAttention(configuration, initialization.derived("self_attn"))
    patchAttention = ReportAttention(configuration, initialization.derived("src_attn"))
    feedForward = ReportFeedForward(configuration, initialization.derived("feed_forward"))
    norms = (0..<3).map { _ in initialization.norm(configuration.width) }
  }

  func visit(_ state: inout StateVisitor) {
    state.child("self_attn", attention)
    state.child("src_attn", patchAttention)
    state.child("feed_forward", feedForward)
    for (index, norm) in norms.enumerated() { state.child("sublayer.\(index).norm", norm) }
  }

  /// Whole reports at once.
  /// - Parameters:
  ///   - x: `[R, D]`, the words of all reports.
  ///   - memory: `[P, D]`, the encoded patches of all studies.
  ///   - layouts: of the words, and of words and patches.
  func callAsFunction(
    _ x: Tensor, memory: Tensor, layouts: (words: AttentionLayout, patches: AttentionLayout),
    pass: ReportPass
  ) -> Tensor {
    let mixed = attention.mixed(
      norms[0](x, mode: pass.mode), layout: layouts.words, pass: pass.derived(0))
    let attended = pass.add(attention.linears[3], of: mixed, to: x, use: 1)
    let looked = patchAttention.mixed(
      norms[1](attended, mode: pass.mode),
      keyValue: patchAttention.keyValue(of: memory, mode: pass.mode), layout: layouts.patches,
      pass: pass.derived(2))
    let seen = pass.add(patchAttention.linears[3], of: looked, to: attended, use: 3)
    return feedForward.added(
      to: seen, of: norms[2](seen, mode: pass.mode), pass: pass.derived(4))
  }
}
