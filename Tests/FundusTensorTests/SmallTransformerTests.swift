import FundusTensor
import Testing

/// A transformer of one block: token and position vectors, attention, a feed-forward block, logits.
private final class SmallTransformer: Module {
  let tokens: Embedding
  let positions: Embedding
  let norm: LayerNorm
  let attention: MultiHeadAttention
  let feedForward: Sequential
  let head: Linear

  init(vocabulary: Int, length: Int, features: Int) {
    tokens = Embedding(count: vocabulary, features: features)
    positions = Embedding(count: length, features: features)
    norm = LayerNorm(features: features)
    attention = MultiHeadAttention(features: features, heads: 2, dropout: 0.05)
    feedForward = Sequential {
      LayerNorm(features: features)
      Linear(inputs: features, outputs: 2 * features)
      GELU()
      Linear(inputs: 2 * features, outputs: features)
    }
    head = Linear(inputs: features, outputs: vocabulary)
  }

  /// Logits `[N, T, V]` of ids `[N, T]`.
  func callAsFunction(_ ids: [Int32], length: Int, mode: ExecutionMode) -> Tensor {
    let places = ids.indices.map { Int32($0 % length) }
    let shape = [ids.count / length, length]
    var x = tokens(ids, shape: shape, mode: mode) + positions(places, shape: shape, mode: mode)
    x = x + attention(norm(x, mode: mode), mode: mode)
    x = x + feedForward(x, mode: mode)
    return head(x, mode: mode)
  }
}

@Suite struct SmallTransformerTests {
  /// To write a sequence backwards takes attention by position.
  @Test func learnsToReverse() {
    let (vocabulary, length, count) = (6, 5, 32)
    let model = Initialization.seeded(2) {
      SmallTransformer(vocabulary: vocabulary, length: length, features: 16)
    }
    #expect(model.forgottenState.isEmpty)
    let optimizer = AdamW(model.parameters)
    let root = RandomStream(seed: 4)
    func sequences(_ stream: RandomStream) -> [Int32] {
      var stream = stream
      return (0..<count * length).map { _ in Int32(stream.index(below: vocabulary)) }
    }
    func reversed(_ ids: [Int32]) -> [Int] {
      ids.indices.map { Int(ids[$0 / length * length + length - 1 - $0 % length]) }
    }
    for step in 0..<300 {
      let ids = sequences(root.derived("batch", UInt64(step)))
      let mode = ExecutionMode.training(root.derived("mode", UInt64(step)))
      let loss = Tensor.crossEntropy(
        logits: model(ids, length: length, mode: mode), classes: reversed(ids))
      loss.backward()
      optimizer.step(learningRate: 1e-2)
      optimizer.zeroGradients()
    }
    let ids = sequences(root.derived("unseen"))
    let logits = model(ids, length: length, mode: .inference)
    #expect(!logits.requiresGradient)
    let correct = zip(logits.argmax(), reversed(ids)).count { $0 == $1 }
    #expect(correct > ids.count * 95 / 100, "\(correct) of \(ids.count)")
  }
}
