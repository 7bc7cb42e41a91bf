import FundusTensor
import Testing

/// Operators that the report decoder adds.
@Suite struct ReportOperatorTests {
  private func largestDifference(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.scalars, b.scalars).reduce(0) { largest, pair in
      let difference = abs(pair.0 - pair.1)
      return difference <= largest ? largest : difference.isNaN ? .infinity : difference
    }
  }

  @Test func deviationNormFollowsItsFormula() {
    let x = randomTensor([3, 5], seed: 1)
    let (gamma, beta) = (randomTensor([5], seed: 2), randomTensor([5], seed: 3))
    let y = x.deviationNorm(gamma: gamma, beta: beta, epsilon: 0.01).scalars
    for row in 0..<3 {
      let values = (0..<5).map { Double(x.scalars[row * 5 + $0]) }
      let mean = values.reduce(0, +) / 5
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4).squareRoot()
      for column in 0..<5 {
        let expected =
          Double(gamma.scalars[column]) * (values[column] - mean) / (deviation + 0.01)
          + Double(beta.scalars[column])
        #expect(abs(Double(y[row * 5 + column]) - expected) <= 1e-6)
      }
    }
  }

  @Test func deviationNormHasItsGradients() {
    checkGradients([
      randomTensor([4, 6], seed: 1), randomTensor([6], seed: 2), randomTensor([6], seed: 3),
    ]) { $0[0].deviationNorm(gamma: $0[1], beta: $0[2], epsilon: 0.1) }
  }

  @Test func deviationNormOfEqualElementsIsFinite() {
    let x = Parameter(Tensor(repeating: 2, shape: [1, 4]))
    let y = x.tensor.deviationNorm(
      gamma: Tensor(repeating: 1, shape: [4]), beta: Tensor(repeating: 3, shape: [4]))
    #expect(y.scalars == [3, 3, 3, 3])
    y.backward(gradient: randomTensor([1, 4], seed: 4))
    #expect(x.gradient?.isFinite == true)
  }

  @Test func likelihoodIsTheSumOfTheChosen() {
    let logits = randomTensor([3, 4], seed: 5)
    let classes: [Int32] = [2, 0, 2]
    let loss = Tensor.negativeLogLikelihood(logits: logits, classes: classes)
    let expected = Tensor.crossEntropy(logits: logits, classes: classes.map { Int($0) }) * 3
    #expect(abs(loss.item - expected.item) <= 1e-5)
    checkGradients([logits]) { Tensor.negativeLogLikelihood(logits: $0[0], classes: classes) }
  }

  @Test func sequencesOfDifferentLengthsAttendAsTheyDoAlone() {
    let (width, heads) = (8, 2)
    let lengths = (queries: [3, 1, 4], keys: [2, 5, 3])
    let query = randomTensor([8, width], seed: 6)
    let keyValue = randomTensor([10, 2 * width], seed: 7)
    let layout = AttentionLayout(queries: lengths.queries, keys: lengths.keys)
    let all = crossAttention(query, keyValue: keyValue, heads: heads, layout: layout)
    var (firstQuery, firstKey) = (0, 0)
    for (queries, keys) in zip(lengths.queries, lengths.keys) {
      let rows = keyValue.sliced(firstKey..<firstKey + keys).reshaped([1, keys, 2 * width])
      let alone = multiHeadAttention(
        query: query.sliced(firstQuery..<firstQuery + queries).reshaped([1, queries, width]),
        key: rows.sliced(axis: 2, 0..<width), value: rows.sliced(axis: 2, width..<2 * width),
        heads: heads)
      let found = all.sliced(firstQuery..<firstQuery + queries)
      #expect(largestDifference(found, alone.reshaped([queries, width])) <= 1e-6)
      firstQuery += queries
      firstKey += keys
    }
    checkGradients([query, keyValue]) {
      crossAttention($0[0], keyValue: $0[1], heads: heads, layout: layout)
    }
  }

  @Test func causalSequencesSeeNoLaterRows() {
    let (width, heads) = (8, 2)
    let rows = randomTensor([7, 3 * width], seed: 8)
    let all = selfAttention(rows, heads: heads, layout: AttentionLayout(causal: [4, 3]))
    for (first, count) in [(0, 4), (4, 3)] {
      let own = rows.sliced(first..<first + count).reshaped([1, count, 3 * width])
      let alone = multiHeadAttention(
        query: own.sliced(axis: 2, 0..<width), key: own.sliced(axis: 2, width..<2 * width),
        value: own.sliced(axis: 2, 2 * width..<3 * width), heads: heads, mask: .causal)
      let found = all.sliced(first..<first + count)
      #expect(largestDifference(found, alone.reshaped([count, width])) <= 1e-6)
    }
    checkGradients([rows]) {
      selfAttention($0[0], heads: heads, layout: AttentionLayout(causal: [4, 3]))
    }
  }

  @Test(arguments: [0, 1, 2]) func gatheredKeysAttendAsIfTheyWereCopied(level: Int) throws {
    try BLAS.withKernelLevel(level) {
      let (width, heads, positions) = (24, 3, 21)
      let query = randomTensor([5, 30], seed: 9)
      let steps = (0..<positions).map { randomTensor([6, 3 * width], seed: 10 + UInt64($0)) }
      var random = RandomStream(seed: 40)
      let indices = (0..<5 * positions).map { _ in Int32(random.index(below: 6)) }
      let keys = GatheredKeys(
        positions: steps, indices: indices, keyColumn: width, valueColumn: 2 * width)
      let (mixed, weights) = gatheredAttention(
        query, keys: keys, width: width, heads: heads, keepsWeights: true)
      for row in 0..<5 {
        let rows = Tensor.concatenated(
          (0..<positions).map { position in
            let index = Int(indices[row * positions + position])
            return steps[position].sliced(index..<index + 1)
          }
        ).reshaped([1, positions, 3 * width])
        let expected = multiHeadAttention(
          query: query.sliced(row..<row + 1).sliced(axis: 1, 0..<width).reshaped([1, 1, width]),
          key: rows.sliced(axis: 2, width..<2 * width),
          value: rows.sliced(axis: 2, 2 * width..<3 * width), heads: heads)
        let found = mixed.sliced(row..<row + 1)
        #expect(largestDifference(found, expected.reshaped([1, width])) <= 1e-6)
        // A row has the same bits without the others.
        let alone = gatheredAttention(
          query.sliced(row..<row + 1),
          keys: GatheredKeys(
            positions: steps, indices: Array(indices[row * positions..<(row + 1) * positions]),
            keyColumn: width, valueColumn: 2 * width),
          width: width, heads: heads)
        #expect(alone.mixed.scalars == found.scalars)
      }
      let sums = try #require(weights).sum(axis: 2)
      #expect(sums.scalars.allSatisfy { abs($0 - 1) <= 1e-5 })
    }
  }
}
