import FundusTensor
import TestSupport
import Testing

/// Batch norm by its definition, in double.
private func naive(
  _ x: [Float], channels: Int, weight: [Float], bias: [Float], mean: [Double], variance: [Double],
  residual: [Float]?, relu: Bool
) -> [Float] {
  x.indices.map { i in
    let c = i % channels
    let value =
      (Double(x[i]) - mean[c]) / (variance[c] + 1e-5).squareRoot() * Double(weight[c])
      + Double(bias[c]) + Double(residual?[i] ?? 0)
    return Float(relu ? max(0, value) : value)
  }
}

@Suite struct BatchNormTests {
  private struct Case {
    let x: Parameter, weight: Parameter, bias: Parameter, residual: Parameter
    let mean: Buffer, variance: Buffer

    init(_ shape: [Int], offset: Float = 3) {
      x = Parameter(Tensor(pattern(shape, 1).scalars.map { $0 + offset }, shape: shape))
      let channels = shape[shape.count - 1]
      weight = Parameter(pattern([channels], 2))
      bias = Parameter(pattern([channels], 3))
      residual = Parameter(pattern(shape, 4))
      mean = Buffer(pattern([channels], 5))
      variance = Buffer(
        Tensor(pattern([channels], 6).scalars.map { 1.5 + $0 }, shape: [channels]))
    }

    func run(_ statistics: BatchStatistics, residual withResidual: Bool, relu: Bool) -> Tensor {
      batchNorm(
        x.tensor, weight: weight.tensor, bias: bias.tensor, runningMean: mean,
        runningVariance: variance, statistics: statistics,
        residual: withResidual ? residual.tensor : nil, relu: relu)
    }
  }

  @Test(arguments: [[2, 3, 5, 7], [3, 33, 17, 64], [2, 9, 9, 100]])
  func statisticsOfTheBatchAndRunningOnes(shape: [Int]) {
    let channels = shape[3]
    let test = Case(shape)
    let values = test.x.value.scalars
    let rows = values.count / channels
    let means = (0..<channels).map { c in
      stride(from: c, to: values.count, by: channels).reduce(0.0) { $0 + Double(values[$1]) }
        / Double(rows)
    }
    let variances = (0..<channels).map { c in
      stride(from: c, to: values.count, by: channels).reduce(0.0) {
        $0 + (Double(values[$1]) - means[c]) * (Double(values[$1]) - means[c])
      } / Double(rows)
    }
    let (running, runningVariance) = (test.mean.value.scalars, test.variance.value.scalars)
    for (residual, relu) in [(false, false), (true, true), (false, true), (true, false)] {
      let y = test.run(.batch(updates: false), residual: residual, relu: relu)
      let expected = naive(
        values, channels: channels, weight: test.weight.value.scalars,
        bias: test.bias.value.scalars, mean: means, variance: variances,
        residual: residual ? test.residual.value.scalars : nil, relu: relu)
      #expect(difference(y, Tensor(expected, shape: shape)) < 1e-5)
      let frozen = test.run(.running, residual: residual, relu: relu)
      let expectedFrozen = naive(
        values, channels: channels, weight: test.weight.value.scalars,
        bias: test.bias.value.scalars, mean: running.map { Double($0) },
        variance: runningVariance.map { Double($0) },
        residual: residual ? test.residual.value.scalars : nil, relu: relu)
      #expect(difference(frozen, Tensor(expectedFrozen, shape: shape)) < 2e-5)
    }
    #expect(test.mean.value.scalars == running)
    _ = test.run(.batch(updates: true), residual: false, relu: false)
    let unbiased = Double(rows) / Double(rows - 1)
    for c in 0..<channels {
      let mean = 0.9 * Double(running[c]) + 0.1 * means[c]
      let variance = 0.9 * Double(runningVariance[c]) + 0.1 * variances[c] * unbiased
      #expect(abs(Double(test.mean.value.scalars[c]) - mean) < 1e-6)
      #expect(abs(Double(test.variance.value.scalars[c]) - variance) < 1e-6)
    }
  }

  /// The slope along a direction against the change that it predicts. Differences are taken where no
  /// ReLU changes sides, because a shift keeps the outputs away from zero.
  @Test(arguments: [(true, false), (true, true), (false, true), (false, false)])
  func gradientsPredictChanges(isBatch: Bool, residual: Bool) {
    for relu in [false, true] {
      let test = Case([2, 5, 3, 4], offset: 0)
      if relu {
        test.bias.value = Tensor([6, -6, 7, 8], shape: [4])
      }
      let statistics: BatchStatistics = isBatch ? .batch(updates: false) : .running
      let dy = pattern([2, 5, 3, 4], 9)
      func loss() -> Double {
        zip(test.run(statistics, residual: residual, relu: relu).scalars, dy.scalars).reduce(0) {
          $0 + Double($1.0) * Double($1.1)
        }
      }
      test.run(statistics, residual: residual, relu: relu).backward(gradient: dy)
      var parameters = [test.x, test.weight, test.bias]
      if residual { parameters.append(test.residual) }
      for (index, parameter) in parameters.enumerated() {
        let direction = pattern(parameter.value.shape, 20 + index).scalars
        let slope = zip(parameter.gradient!.scalars, direction).reduce(0.0) {
          $0 + Double($1.0) * Double($1.1)
        }
        let original = parameter.value
        let step: Float = 1e-2
        func at(_ sign: Float) -> Double {
          parameter.value = Tensor(
            zip(original.scalars, direction).map { $0 + sign * step * $1 }, shape: original.shape)
          return loss()
        }
        let measured = (at(1) - at(-1)) / Double(2 * step)
        parameter.value = original
        #expect(abs(measured - slope) < 2e-3 * max(1, abs(slope)))
      }
    }
  }

  @Test func bitsDoNotDependOnTheNumberOfThreads() throws {
    var results: [[Float]] = []
    for threads in [1, 2, 4] {
      results.append(
        try withThreads(threads) {
          let test = Case([4, 64, 60, 64])
          let y = test.run(.batch(updates: true), residual: true, relu: true)
          y.backward(gradient: pattern(y.shape, 9))
          return y.scalars + test.x.gradient!.scalars + test.weight.gradient!.scalars
            + test.bias.gradient!.scalars + test.residual.gradient!.scalars
        })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// Without a residual the ReLU's mask is computed from the input; with one it is read from the
  /// result. A residual of zeros must not change a bit, nor must the caller's own tensor change.
  @Test(arguments: [[2, 9, 9, 100], [4, 16, 16, 64]])
  func theMaskIsThatOfTheResult(shape: [Int]) {
    let gradients = [false, true].map { withResidual in
      let test = Case(shape, offset: 0)
      test.residual.value = Tensor(zeros: shape)
      let seed = randomTensor(shape, seed: 7)
      let copy = seed.scalars
      test.run(.batch(updates: false), residual: withResidual, relu: true).backward(gradient: seed)
      #expect(seed.scalars == copy)
      return [test.x, test.weight, test.bias].map { $0.gradient!.scalars }
    }
    #expect(gradients[0] == gradients[1])
  }
}

@Suite struct PoolingTests {
  @Test(arguments: [(3, 2, 1), (2, 2, 0), (3, 1, 1), (2, 3, 0)])
  func maximaAndTheirGradients(kernel: Int, stride: Int, padding: Int) {
    let x = Parameter(pattern([2, 9, 8, 5], 1))
    let values = x.value.scalars
    let y = maxPool2d(x.tensor, kernel: kernel, stride: stride, padding: padding)
    let dy = pattern(y.shape, 2)
    y.backward(gradient: dy)
    var expected: [Float] = []
    var gradient = [Float](repeating: 0, count: values.count)
    for n in 0..<2 {
      for i in 0..<y.shape[1] {
        for j in 0..<y.shape[2] {
          for c in 0..<5 {
            var best = -Float.infinity
            var place = -1
            for k in 0..<kernel * kernel {
              let iy = i * stride + k / kernel - padding
              let ix = j * stride + k % kernel - padding
              guard iy >= 0, ix >= 0, iy < 9, ix < 8 else { continue }
              let at = ((n * 9 + iy) * 8 + ix) * 5 + c
              if values[at] > best { (best, place) = (values[at], at) }
            }
            gradient[place] += dy.scalars[expected.count]
            expected.append(best)
          }
        }
      }
    }
    #expect(y.scalars == expected)
    #expect(difference(x.gradient!, Tensor(gradient, shape: x.value.shape)) < 1e-6)
  }

  @Test func meanOverAllPixels() {
    let x = Parameter(pattern([2, 3, 5, 6], 1))
    let y = globalAveragePool(x.tensor)
    y.backward(gradient: pattern([2, 6], 2))
    let values = x.value.scalars
    for n in 0..<2 {
      for c in 0..<6 {
        let sum = (0..<15).reduce(Float(0)) { $0 + values[(n * 15 + $1) * 6 + c] }
        #expect(abs(y[n, c] - sum / 15) < 1e-6)
        #expect(abs(x.gradient![n, 1, 2, c] - pattern([2, 6], 2)[n, c] / 15) < 1e-7)
      }
    }
  }
}
