import Foundation
import FundusTensor
import TestSupport
import Testing

/// Vectorized functions against the C library's in double precision, and copies that threads share.
@Suite struct ElementwiseTests {
  /// The largest error in units in the last place, over values of both signs and many magnitudes.
  private func largestError(
    of function: (Tensor) -> Tensor, from exact: (Double) -> Double, in range: ClosedRange<Float>
  ) -> Double {
    let steps = 100_000
    var values = (0...steps).map {
      range.lowerBound + (range.upperBound - range.lowerBound) * Float($0) / Float(steps)
    }
    values += (-40...6).flatMap { [exp2(Float($0)), -exp2(Float($0))] }.filter(range.contains)
    let results = function(Tensor(values, shape: [values.count])).scalars
    return zip(values, results).map { value, result in
      let truth = exact(Double(value))
      return abs(Double(result) - truth) / Double(Float(truth).ulp)
    }.max()!
  }

  @Test func exponentialFunctionsAreExactToTheLastPlaces() {
    #expect(largestError(of: { $0.exp() }, from: { exp($0) }, in: -86...88) <= 1.2)
    #expect(largestError(of: { $0.tanh() }, from: { tanh($0) }, in: -20...20) <= 2.5)
    #expect(
      largestError(of: { $0.sigmoid() }, from: { 1 / (1 + exp(-$0)) }, in: -86...20) <= 3)
  }

  @Test func exponentialFunctionsHaveTheirLimits() {
    let x = Tensor([-.infinity, -100, -0.0, 0, 100, .infinity], shape: [6])
    #expect(x.exp().scalars == [0, 0, 1, 1, .infinity, .infinity])
    #expect(x.tanh().scalars == [-1, -1, 0, 0, 1, 1])
    #expect(x.tanh().scalars[2].sign == .minus)
    #expect(x.sigmoid().scalars == [0, 0, 0.5, 0.5, 1, 1])
    for result in [Tensor(Float.nan).exp(), Tensor(Float.nan).tanh(), Tensor(Float.nan).sigmoid()] {
      #expect(result.item.isNaN)
    }
  }

  @Test(arguments: [1, 2]) func copiesAreTheSameOnAllThreads(threads: Int) throws {
    let x = randomTensor([67, 33, 65], seed: 5)
    try withThreads(threads) {
      let swapped = x.transposed([2, 0, 1])
      let turned = x.transposed([0, 2, 1])
      let matrix = x.reshaped([67 * 33, 65]).transposed()
      for (i, j, k) in [(0, 0, 0), (66, 32, 64), (13, 31, 16), (40, 17, 63)] {
        #expect(swapped[k, i, j] == x[i, j, k] && turned[i, k, j] == x[i, j, k])
        #expect(matrix[k, i * 33 + j] == x[i, j, k])
      }
      #expect(swapped.transposed([1, 2, 0]).scalars == x.scalars)
      #expect(matrix.transposed().scalars == x.scalars)
      #expect(x.copy().scalars == x.scalars)
      #expect(Tensor(repeating: 3, shape: [70_001]).scalars.allSatisfy { $0 == 3 })

      let rows = (0..<200).map { $0 * 31 % 67 }
      let gathered = x.gathered(rows)
      for (row, index) in rows.enumerated() {
        #expect(gathered[row, 5, 7] == x[index, 5, 7])
      }
      let joined = Tensor.concatenated([x, x], axis: 1)
      #expect(joined.sliced(axis: 1, 33..<66).scalars == x.scalars)
      let wide = x.sliced(axis: 1, 0..<1).broadcast(to: [67, 33, 65])
      #expect(wide.sliced(axis: 1, 32..<33).scalars == x.sliced(axis: 1, 0..<1).scalars)

      let parameter = Parameter(x)
      (parameter.tensor.gathered(rows) * gathered).sum().backward()
      let repeats = rows.count { $0 == 1 }
      #expect(repeats > 1)
      let gradient = try #require(parameter.gradient)
      #expect(abs(gradient[1, 2, 3] - Float(repeats) * x[1, 2, 3]) < 1e-5)
    }
  }

  /// A sum's gradient needs the shapes of its operands, not their elements.
  @Test func sumsDoNotKeepTheirOperands() async {
    await #expect(processExitsWith: .success) {
      let parameter = Parameter(Tensor(zeros: [1 << 20]))
      let before = CachingAllocator.shared.statistics.bytesInUse
      let sum = parameter.tensor + Tensor(repeating: 1, shape: [1 << 20])
      let difference = sum - Tensor(repeating: 1, shape: [1 << 20])
      let held = CachingAllocator.shared.statistics.bytesInUse - before
      // The two results of 4 MB, and not the two constants.
      guard held < 9 << 20 else { exit(5) }
      difference.sum().backward()
      guard parameter.gradient?.scalars.allSatisfy({ $0 == 1 }) == true else { exit(6) }
      exit(0)
    }
  }
}
