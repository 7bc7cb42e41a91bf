import FundusTensor
import TestSupport
import Testing

@Suite struct OperatorTests {
  let a = randomTensor([3, 1, 4], seed: 1)
  let b = randomTensor([2, 1], seed: 2)

  @Test func broadcastsLikeNumPy() {
    let sum = a + b
    #expect(sum.shape == [3, 2, 4])
    for i in 0..<3 {
      for j in 0..<2 { for k in 0..<4 { #expect(sum[i, j, k] == a[i, 0, k] + b[j, 0]) } }
    }
    #expect((a * Tensor(2)).scalars == a.scalars.map { $0 * 2 })
    #expect((Tensor([1, 2, 3], shape: [3]) / Tensor(2)).scalars == [0.5, 1, 1.5])
    #expect((randomTensor([0, 4]) + randomTensor([4])).shape == [0, 4])
  }

  @Test func arithmeticDifferentiates() {
    checkGradients([a, b]) { $0[0] + $0[1] }
    checkGradients([a, b]) { $0[0] - $0[1] }
    checkGradients([a, b]) { $0[0] * $0[1] }
    checkGradients([a, b + 3]) { $0[0] / $0[1] }
    checkGradients([a]) { $0[0].exp() + $0[0].tanh() + $0[0].sigmoid() + $0[0].squared() }
    checkGradients([a + 2]) { $0[0].log() + $0[0].squareRoot() }
    checkGradients([a]) { -(3 * $0[0] - 1) + 2 }
    checkGradients([Tensor([-2, -0.5, 0.5, 2], shape: [4])]) { $0[0].clamped(to: -1...1) }
  }

  @Test func reductionsMatchTheirDefinition() {
    let x = randomTensor([5, 300, 7], seed: 4)
    let total = x.scalars.reduce(0) { $0 + Double($1) }
    #expect(abs(Double(x.sum().item) - total) < 1e-4)
    let middle = x.sum(axis: 1)
    #expect(middle.shape == [5, 7])
    let expected = (0..<300).reduce(0.0) { $0 + Double(x[2, $1, 3]) }
    #expect(abs(Double(middle[2, 3]) - expected) < 1e-5)
    #expect(x.mean(axis: -1, keepingAxis: true).shape == [5, 300, 1])
    #expect(Tensor([1, 3, 3, .nan, 5, 0], shape: [2, 3]).argmax() == [1, 0])
  }

  @Test func whatIsNotFiniteIsFound() {
    #expect(randomTensor([5, 300, 7], seed: 4).isFinite && Tensor(zeros: [0, 3]).isFinite)
    for bad in [Float.nan, .infinity, -.infinity] {
      for count in [1, 15, 16, 1000, 1 << 18, 600_000] {
        for position in [0, count / 2, count - 1] {
          var elements = [Float](repeating: .greatestFiniteMagnitude, count: count)
          elements[position] = bad
          let tensor = Tensor(elements, shape: [count])
          #expect(!tensor.isFinite && tensor.firstNonFinite == position)
        }
      }
    }
  }

  /// Optimizers walk over a parameter and its gradient side by side.
  @Test func aGradientOfAnotherShapeTraps() async {
    await #expect(processExitsWith: .failure) {
      Parameter(Tensor(zeros: [1])).gradient = Tensor(repeating: 1, shape: [17])
    }
    await #expect(processExitsWith: .failure) {
      Parameter(Tensor(zeros: [4])).gradient = Tensor(repeating: 1, shape: [2, 2])
    }
  }

  /// A gradient that somebody holds stays as it is.
  @Test func aHeldGradientStaysAsItIs() {
    let parameter = Parameter(randomTensor([1 << 12]))
    parameter.tensor.sum().backward()
    let held = parameter.gradient
    parameter.tensor.sum().backward()
    #expect(held?[0] == 1 && parameter.gradient?[0] == 2)
  }

  @Test func reductionsDifferentiate() {
    checkGradients([a]) { $0[0].sum() }
    checkGradients([a]) { $0[0].mean(axis: 0) }
    checkGradients([a]) { $0[0].sum(axis: -1, keepingAxis: true) }
    checkGradients([Tensor([1, 3, 2, -4, -1, -2], shape: [2, 3])]) { $0[0].maximum() }
    checkGradients([b]) { $0[0].broadcast(to: [3, 2, 4]) }
  }

  @Test func indexingRoundTripsAndDifferentiates() {
    let x = randomTensor([4, 3, 2], seed: 3)
    let parts = [x.sliced(axis: 1, 0..<1), x.sliced(axis: 1, 1..<3)]
    #expect(Tensor.concatenated(parts, axis: 1).scalars == x.scalars)
    #expect(x.transposed([2, 0, 1]).transposed([1, 2, 0]).scalars == x.scalars)
    #expect(x.transposed([2, 0, 1])[1, 3, 2] == x[3, 2, 1])
    #expect(Tensor.stacked([x, x]).shape == [2, 4, 3, 2])
    checkGradients([x]) { $0[0].sliced(axis: 1, 1..<3) }
    checkGradients([x]) { $0[0].sliced(2..<4) }
    checkGradients([x, x]) { Tensor.concatenated([$0[0], $0[1].squared()], axis: 2) }
    checkGradients([x]) { $0[0].gathered([1, 1, 3]) }
    checkGradients([x]) { $0[0].transposed([2, 0, 1]) }
    checkGradients([x]) { $0[0].reshaped([-1, 6]) }
  }

  @Test func aTensorUsedTwiceGetsBothGradients() {
    let parameter = Parameter(randomTensor([3]))
    (parameter.tensor * parameter.tensor + parameter.tensor).sum().backward()
    let expected = parameter.value.scalars.map { 2 * $0 + 1 }
    #expect(zip(parameter.gradient!.scalars, expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func frozenAndUnrecordedValuesKeepNoTape() {
    let parameter = Parameter(randomTensor([3]))
    #expect(!Autograd.withoutGradients { parameter.tensor.exp() }.requiresGradient)
    parameter.isTrainable = false
    #expect(!parameter.tensor.exp().requiresGradient)
  }

  @Test(arguments: [1, 2, 4]) func bitsDoNotDependOnThreads(threads: Int) throws {
    let x = randomTensor([1 << 18], seed: 5)
    let expected = try withThreads(1) { (x.exp() * x).sum().item }
    for _ in 0..<20 { #expect(try withThreads(threads) { (x.exp() * x).sum().item } == expected) }
  }
}
