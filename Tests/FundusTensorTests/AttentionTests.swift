import Foundation
import FundusTensor
import Testing

@Suite struct AttentionTests {
  /// The definition in double precision.
  func naive(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, sees: (Int, Int, Int) -> Float
  ) -> [Float] {
    let (count, queries, width) = (q.shape[0], q.shape[1], q.shape[2])
    let keys = k.shape[1], depth = width / heads
    var result = [Float](repeating: 0, count: count * queries * width)
    for n in 0..<count {
      for head in 0..<heads {
        for i in 0..<queries {
          let scores = (0..<keys).map { j in
            (0..<depth).reduce(0.0) {
              $0 + Double(q[n, i, head * depth + $1]) * Double(k[n, j, head * depth + $1])
            } / Double(depth).squareRoot() + Double(sees(n, i, j))
          }
          let weights = scores.map { exp($0 - scores.max()!) }
          let sum = weights.reduce(0, +)
          guard sum > 0 else { continue }
          for c in 0..<depth {
            let mixed = (0..<keys).reduce(0.0) {
              $0 + weights[$1] / sum * Double(v[n, $1, head * depth + c])
            }
            result[(n * queries + i) * width + head * depth + c] = Float(mixed)
          }
        }
      }
    }
    return result
  }

  func check(
    queries: Int, keys: Int, mask: AttentionMask, sees: @escaping (Int, Int, Int) -> Float
  ) {
    let shapes = [[2, queries, 12], [2, keys, 12], [2, keys, 12]]
    let inputs = shapes.enumerated().map {
      randomTensor($0.element, seed: UInt64($0.offset), scale: 1.5)
    }
    let result = multiHeadAttention(
      query: inputs[0], key: inputs[1], value: inputs[2], heads: 3, mask: mask)
    let expected = naive(inputs[0], inputs[1], inputs[2], heads: 3, sees: sees)
    let largest = zip(result.scalars, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(largest <= 3e-6)
    checkGradients(of: inputs) {
      multiHeadAttention(query: $0[0], key: $0[1], value: $0[2], heads: 3, mask: mask)
    }
  }

  @Test func followsItsDefinition() {
    check(queries: 7, keys: 7, mask: .none) { _, _, _ in 0 }
    check(queries: 5, keys: 19, mask: .none) { _, _, _ in 0 }
    check(queries: 6, keys: 6, mask: .causal) { _, i, j in j <= i ? 0 : -.infinity }
    check(queries: 3, keys: 5, mask: .causal) { _, i, j in j <= i + 2 ? 0 : -.infinity }
    check(queries: 4, keys: 9, mask: .lengths([9, 2])) { n, _, j in
      j < [9, 2][n] ? 0 : -.infinity
    }
    let bias = randomTensor([2, 4, 5], seed: 8)
    check(queries: 4, keys: 5, mask: .additive(bias)) { n, i, j in bias[n, i, j] }
    let shared = Tensor([0, -.infinity, 0, -.infinity, 0, 0], shape: [2, 3])
    check(queries: 2, keys: 3, mask: .additive(shared)) { _, i, j in shared[i, j] }
  }

  @Test func whatSeesNothingIsZero() {
    let x = randomTensor([2, 3, 4], seed: 1)
    let result = multiHeadAttention(query: x, key: x, value: x, heads: 2, mask: .lengths([0, 3]))
    #expect(result.scalars.prefix(12).allSatisfy { $0 == 0 })
    #expect(result.scalars.suffix(12).allSatisfy { $0.isFinite && $0 != 0 })
    let hidden = Tensor(repeating: -.infinity, shape: [3, 3])
    let none = multiHeadAttention(query: x, key: x, value: x, heads: 2, mask: .additive(hidden))
    #expect(none.scalars.allSatisfy { $0 == 0 })
  }

  @Test func dropoutIsTheSameForwardAndBackward() {
    let inputs = (0..<3).map { randomTensor([2, 9, 8], seed: UInt64($0)) }
    let stream = RandomStream(seed: 12)
    checkGradients(of: inputs) {
      multiHeadAttention(
        query: $0[0], key: $0[1], value: $0[2], heads: 2, dropout: 0.4, stream: stream)
    }
  }

  @Test func rowsSideBySideAreTheSame() {
    let lengths = [5, 3, 0, 4]
    let rows = randomTensor([20, 36], seed: 3)
    let layout = AttentionLayout(lengths: lengths, rows: [5, 5, 5, 5])
    let parts = (0..<3).map { part in
      rows.reshaped([20, 3, 12]).sliced(axis: 1, part..<part + 1).reshaped([4, 5, 12])
    }
    let expected = multiHeadAttention(
      query: parts[0], key: parts[1], value: parts[2], heads: 4, mask: .lengths(lengths))
    #expect(selfAttention(rows, heads: 4, layout: layout).scalars == expected.scalars)
    checkGradients(of: [rows]) { selfAttention($0[0], heads: 4, layout: layout) }
    let packed = AttentionLayout(lengths: [4, 1, 7], rows: [4, 1, 7])
    checkGradients(of: [randomTensor([12, 24], seed: 5)]) {
      selfAttention(
        $0[0], heads: 2, layout: packed, dropout: 0.3, stream: RandomStream(seed: 2))
    }
  }

  @Test func residualLayerNormIsItsParts() {
    let x = randomTensor([300, 20], seed: 1), residual = randomTensor([300, 20], seed: 2)
    let gamma = randomTensor([20], seed: 3), beta = randomTensor([20], seed: 4)
    let stream = RandomStream(seed: 9)
    for rate in [0, 0.25] as [Float] {
      let fused = x.residualLayerNorm(
        residual, gamma: gamma, beta: beta, epsilon: 1e-5, dropout: rate, stream: stream)
      let plain = (x.dropout(rate, stream) + residual)
        .layerNorm(gamma: gamma, beta: beta, epsilon: 1e-5)
      #expect(fused.scalars == plain.scalars)
      checkGradients(of: [x, residual, gamma, beta], tolerance: 1e-2) {
        $0[0].residualLayerNorm(
          $0[1], gamma: $0[2], beta: $0[3], epsilon: 1e-5, dropout: rate, stream: stream)
      }
    }
  }

  @Test func groupsHaveTheirMeans() {
    let x = randomTensor([7, 3], seed: 1)
    let means = x.groupMeans(of: [2, 1, 4])
    #expect(means.shape == [3, 3])
    #expect(abs(means[0, 1] - (x[0, 1] + x[1, 1]) / 2) < 1e-6)
    #expect(means[1, 2] == x[2, 2])
    checkGradients(of: [x]) { $0[0].groupMeans(of: [2, 1, 4]) }
  }
}
