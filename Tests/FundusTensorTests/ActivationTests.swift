import Foundation
import FundusTensor
import TestSupport
import Testing

@Suite struct ActivationTests {
  @Test func geluFollowsTheErrorFunction() {
    let inputs = stride(from: Float(-12), through: 12, by: 0.0173).map { $0 }
    let outputs = Tensor(inputs, shape: [inputs.count]).gelu().scalars
    for (x, y) in zip(inputs, outputs) {
      let exact = Double(x) * 0.5 * erfc(-Double(x) / 2.0.squareRoot())
      #expect(abs(Double(y) - exact) <= 2e-6 * max(abs(exact), 1e-2), "gelu(\(x))")
    }
    #expect(Tensor([Float.nan], shape: [1]).gelu().item.isNaN)
  }

  @Test func activationsHaveTheirGradients() {
    checkGradients(of: [randomTensor([5, 13], seed: 1)]) { $0[0].gelu() }
    checkGradients(of: [Tensor([-2, -0.5, 0.5, 3], shape: [4])]) { $0[0].relu() }
    #expect(Tensor([-1, 0, 2], shape: [3]).relu().scalars == [0, 0, 2])
  }

  @Test(arguments: [(3, 0), (40, 1), (7, 2), (1, 0)])
  func softmaxNormalizesAnyAxis(length: Int, axis: Int) {
    var shape = [3, 5, 4]
    shape[axis] = length
    let x = randomTensor(shape, seed: UInt64(length), scale: 3)
    let soft = x.softmax(axis: axis), logSoft = x.logSoftmax(axis: axis)
    let inner = shape[(axis + 1)...].reduce(1, *)
    for outer in 0..<shape[..<axis].reduce(1, *) {
      for column in 0..<inner {
        let at = (0..<length).map { (outer * length + $0) * inner + column }
        let terms = at.map { exp(Double(x.scalars[$0])) }
        let sum = terms.reduce(0, +)
        for (index, term) in zip(at, terms) {
          #expect(abs(Double(soft.scalars[index]) - term / sum) < 1e-6)
          #expect(abs(Double(logSoft.scalars[index]) - log(term / sum)) < 5e-6)
        }
      }
    }
    checkGradients(of: [x]) { $0[0].softmax(axis: axis) }
    checkGradients(of: [x]) { $0[0].logSoftmax(axis: axis) }
  }

  @Test func softmaxTakesMasksAndLargeValues() {
    let masked = Tensor([0, -.infinity, 0], shape: [3]).softmax().scalars
    #expect(masked == [0.5, 0, 0.5])
    let large = Tensor([1000, 1000, -1000], shape: [3])
    #expect(large.softmax().scalars == [0.5, 0.5, 0])
    #expect(abs(large.logSoftmax().scalars[0] + log(2)) < 1e-6)
    #expect(Tensor([0, .nan, 0], shape: [3]).softmax().scalars.allSatisfy { $0.isNaN })
  }

  @Test(arguments: [1, 7, 64, 100]) func layerNormMatchesItsFormula(columns: Int) {
    let x = randomTensor([9, columns], seed: 3, scale: 2, shift: 5)
    let gamma = randomTensor([columns], seed: 4), beta = randomTensor([columns], seed: 5)
    let y = x.layerNorm(gamma: gamma, beta: beta, epsilon: 1e-5).scalars
    for row in 0..<9 {
      let values = (0..<columns).map { Double(x[row, $0]) }
      let mean = values.reduce(0, +) / Double(columns)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
      for column in 0..<columns {
        let hat = (values[column] - mean) / (variance + 1e-5).squareRoot()
        let exact = hat * Double(gamma[column]) + Double(beta[column])
        #expect(abs(Double(y[row * columns + column]) - exact) < 2e-5)
      }
    }
    guard columns > 1 else { return }
    checkGradients(of: [x, gamma, beta]) {
      $0[0].layerNorm(gamma: $0[1], beta: $0[2], epsilon: 1e-5)
    }
  }

  @Test func normalizesToUnitLength() {
    let x = randomTensor([4, 19], seed: 6)
    for row in 0..<4 {
      let y = (0..<19).map { Double(x.l2Normalized()[row, $0]) }
      #expect(abs(y.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
    }
    checkGradients(of: [x]) { $0[0].l2Normalized() }
    // Zeros stay zeros without a gradient; rows whose squares leave the range of floats are exact.
    let zero = Parameter(Tensor([0, 0, 0, 3, 0, 4], shape: [2, 3]))
    let unit = zero.tensor.l2Normalized()
    #expect(unit.scalars == [0, 0, 0, 0.6, 0, 0.8])
    unit.sum().backward()
    #expect(zero.gradient?.scalars.allSatisfy(\.isFinite) == true)
    #expect(zero.gradient?.scalars.prefix(3) == [0, 0, 0])
    for scale: Float in [1e-30, 1e30] {
      let extreme = Tensor([3 * scale, 4 * scale], shape: [1, 2]).l2Normalized().scalars
      #expect(abs(extreme[0] - 0.6) < 1e-6 && abs(extreme[1] - 0.8) < 1e-6)
    }
  }

  @Test func embeddingGathersAndScatters() {
    let table = randomTensor([6, 5], seed: 7)
    let ids: [Int32] = [5, 0, 5, 2]
    let rows = Tensor.embedding(table, ids: ids, shape: [2, 2])
    #expect(rows.shape == [2, 2, 5])
    #expect(rows[1, 0, 3] == table[5, 3])
    checkGradients(of: [table]) { Tensor.embedding($0[0], ids: ids, shape: [4]) }
    let padded = Parameter(table)
    Tensor.embedding(padded.tensor, ids: ids, shape: [4], padding: 5)
      .backward(gradient: Tensor(repeating: 1, shape: [4, 5]))
    #expect(padded.gradient?[5, 0] == 0 && padded.gradient?[0, 0] == 1)
  }

  @Test func dropoutIsAFunctionOfItsStream() throws {
    let count = 100_003
    let ones = Tensor(repeating: 1, shape: [count])
    let stream = RandomStream(seed: 1).derived("dropout")
    let first = try withThreads(1) { ones.dropout(0.1, stream).scalars }
    #expect(try withThreads(3) { ones.dropout(0.1, stream).scalars } == first)
    let kept = first.count { $0 != 0 }
    #expect(abs(Double(kept) / Double(count) - 0.9) < 0.004)
    #expect(first.allSatisfy { $0 == 0 || $0 == 1 / (1 - 0.1) })
    #expect(ones.dropout(0.1, stream.derived(1)).scalars != first)
    let parameter = Parameter(ones)
    parameter.tensor.dropout(0.1, stream).backward(gradient: ones)
    #expect(parameter.gradient?.scalars == first)
  }
}
