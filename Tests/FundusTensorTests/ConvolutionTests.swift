import FundusTensor
import TestSupport
import Testing

/// The definition, in double, with its gradients.
private struct NaiveConvolution {
  let y: Tensor, dx: Tensor, dw: Tensor

  init(_ x: Tensor, _ w: Tensor, _ dy: Tensor, stride: Int, padding: Int) {
    let (n, h, wd, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (kh, kw, o) = (w.shape[0], w.shape[1], w.shape[3])
    let (oh, ow) = (dy.shape[1], dy.shape[2])
    let (xs, ws, gs) = (x.scalars, w.scalars, dy.scalars)
    var ys = [Double](repeating: 0, count: dy.count)
    var dxs = [Double](repeating: 0, count: x.count)
    var dws = [Double](repeating: 0, count: w.count)
    for item in 0..<n {
      for i in 0..<oh {
        for j in 0..<ow {
          let at = ((item * oh + i) * ow + j) * o
          for k in 0..<kh {
            for l in 0..<kw {
              let (iy, ix) = (i * stride + k - padding, j * stride + l - padding)
              guard iy >= 0, ix >= 0, iy < h, ix < wd else { continue }
              let from = ((item * h + iy) * wd + ix) * c
              for channel in 0..<c {
                let weight = ((k * kw + l) * c + channel) * o
                for output in 0..<o {
                  let g = Double(gs[at + output])
                  ys[at + output] += Double(xs[from + channel]) * Double(ws[weight + output])
                  dxs[from + channel] += g * Double(ws[weight + output])
                  dws[weight + output] += g * Double(xs[from + channel])
                }
              }
            }
          }
        }
      }
    }
    y = Tensor(ys.map { Float($0) }, shape: dy.shape)
    dx = Tensor(dxs.map { Float($0) }, shape: x.shape)
    dw = Tensor(dws.map { Float($0) }, shape: w.shape)
  }
}

/// A 3x3 convolution of stride 1 and its gradients as sums of nine products of shifted images in plain
/// single precision: no Winograd, and fast enough for large sizes.
private struct DirectConvolution {
  let y: Tensor, dx: Tensor, dw: Tensor

  init(_ x: Tensor, _ w: Tensor, _ dy: Tensor, padding p: Int) {
    let (items, rows, columns) = (x.shape[0], dy.shape[1], dy.shape[2])
    let (channels, outputs) = (x.shape[3], dy.shape[3])
    let padded = x.padded(top: p, bottom: p, left: p, right: p)
    let flat = dy.reshaped([items * rows * columns, outputs])
    var y = Tensor(zeros: flat.shape)
    var dx = Tensor(zeros: padded.shape)
    var dw: [Tensor] = []
    for tap in 0..<9 {
      let (top, left) = (tap / 3, tap % 3)
      let window = padded.croppedWindow(rows: top..<top + rows, columns: left..<left + columns)
        .reshaped([items * rows * columns, channels])
      let weight = w.reshaped([9, channels, outputs])[row: tap]
      y = y + matmul(window, weight)
      dw.append(matmul(window, flat, transposeA: true))
      dx =
        dx
        + matmul(flat, weight, transposeB: true).reshaped([items, rows, columns, channels])
        .padded(
          top: top, bottom: padded.shape[1] - top - rows, left: left,
          right: padded.shape[2] - left - columns)
    }
    self.y = y.reshaped(dy.shape)
    self.dx = dx.croppedWindow(rows: p..<p + x.shape[1], columns: p..<p + x.shape[2])
    self.dw = Tensor.stacked(dw).reshaped(w.shape)
  }
}

struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  let input: [Int], kernel: [Int], outputs: Int, stride: Int, padding: Int
  var testDescription: String { "\(input) * \(kernel) to \(outputs), s\(stride) p\(padding)" }

  init(_ input: [Int], _ kernel: [Int], _ outputs: Int, _ stride: Int, _ padding: Int) {
    (self.input, self.kernel, self.outputs) = (input, kernel, outputs)
    (self.stride, self.padding) = (stride, padding)
  }

  var outputShape: [Int] {
    [
      input[0], (input[1] + 2 * padding - kernel[0]) / stride + 1,
      (input[2] + 2 * padding - kernel[1]) / stride + 1, outputs,
    ]
  }
}

@Suite struct ConvolutionTests {
  static let cases = [
    ConvolutionCase([2, 5, 7, 20], [1, 1], 33, 1, 0),  // pointwise
    ConvolutionCase([2, 9, 6, 12], [1, 1], 40, 2, 0),
    ConvolutionCase([1, 3, 5, 4], [1, 1], 8, 3, 0),
    ConvolutionCase([2, 9, 11, 16], [3, 3], 48, 1, 1),  // Winograd, sizes that are no multiple of 4
    ConvolutionCase([3, 4, 8, 32], [3, 3], 16, 1, 1),
    ConvolutionCase([1, 7, 6, 80], [3, 3], 96, 1, 0),
    ConvolutionCase([1, 5, 6, 16], [3, 3], 16, 1, 2),
    ConvolutionCase([2, 9, 11, 5], [3, 3], 7, 1, 1),  // padded copy
    ConvolutionCase([2, 9, 12, 24], [3, 3], 40, 2, 1),
    ConvolutionCase([1, 12, 9, 16], [3, 3], 16, 2, 1),
    ConvolutionCase([2, 21, 18, 3], [7, 7], 32, 2, 3),
    ConvolutionCase([1, 8, 7, 2], [2, 5], 3, 3, 4),
    ConvolutionCase([1, 6, 6, 3], [2, 2], 4, 4, 0),
  ]

  @Test(arguments: cases)
  func agreesWithTheDefinitionForwardAndBackward(_ test: ConvolutionCase) {
    let x = Parameter(pattern(test.input, 1))
    let inner = test.kernel[0] * test.kernel[1] * test.input[3]
    let w = Parameter(pattern(test.kernel + [test.input[3], test.outputs], 2))
    let bias = Parameter(pattern([test.outputs], 3))
    let dy = pattern(test.outputShape, 4)
    let naive = NaiveConvolution(
      x.value, w.value, dy, stride: test.stride, padding: test.padding)
    let y = conv2d(
      x.tensor, weight: w.tensor, bias: bias.tensor, stride: test.stride, padding: test.padding)
    #expect(y.shape == test.outputShape)
    // Sums of `inner` products of numbers below 1, in single precision.
    let tolerance = 3e-6 + 1e-7 * Float(inner)
    let biases = bias.value.scalars
    let expected = naive.y.scalars.enumerated().map { $1 + biases[$0 % test.outputs] }
    #expect(difference(y, Tensor(expected, shape: y.shape)) < tolerance)
    y.backward(gradient: dy)
    let outer = Float(test.kernel[0] * test.kernel[1] * test.outputs)
    #expect(difference(x.gradient!, naive.dx) < 3e-6 + 1e-7 * outer)
    #expect(difference(w.gradient!, naive.dw) < 1e-5 + 1e-7 * Float(dy.count / test.outputs))
    let ones = Tensor(repeating: 1, shape: [1, dy.count / test.outputs])
    #expect(
      difference(
        bias.gradient!.reshaped([1, -1]), matmul(ones, dy.reshaped([-1, test.outputs]))) < 1e-4)
  }

  @Test(arguments: [0, 1, 2])
  func everyInstructionSet(level: Int) {
    BLAS.withKernelLevel(level) {
      for test in Self.cases.prefix(5) {
        let x = pattern(test.input, 1)
        let w = Parameter(pattern(test.kernel + [test.input[3], test.outputs], 2))
        let dy = pattern(test.outputShape, 4)
        let naive = NaiveConvolution(
          x, w.value, dy, stride: test.stride, padding: test.padding)
        let y = conv2d(x, weight: w.tensor, stride: test.stride, padding: test.padding)
        #expect(difference(y, naive.y) < 5e-5)
        y.backward(gradient: dy)
        #expect(difference(w.gradient!, naive.dw) < 5e-5)
      }
    }
  }

  /// Few results are convolved directly where gradients may be wanted; packed ones are not.
  static let winogradCases = [
    ConvolutionCase([2, 9, 11, 16], [3, 3], 48, 1, 1),
    ConvolutionCase([1, 7, 6, 80], [3, 3], 96, 1, 0),
    ConvolutionCase([1, 5, 6, 16], [3, 3], 16, 1, 2),
    ConvolutionCase([2, 9, 12, 32], [3, 3], 48, 2, 1),
    ConvolutionCase([1, 16, 16, 64], [3, 3], 32, 2, 1),  // whole tiles
    ConvolutionCase([3, 1, 2, 16], [3, 3], 16, 2, 1),
    ConvolutionCase([1, 17, 8, 48], [3, 3], 80, 2, 0),
    ConvolutionCase([1, 6, 7, 16], [3, 3], 16, 2, 2),
    ConvolutionCase([5, 29, 31, 16], [3, 3], 16, 2, 1),  // several blocks of tiles
  ]

  @Test(arguments: winogradCases, [0, 1, 2])
  func packedAgreesWithTheDefinition(_ test: ConvolutionCase, level: Int) {
    let x = pattern(test.input, 1)
    let w = pattern(test.kernel + [test.input[3], test.outputs], 2)
    let bias = pattern([test.outputs], 3)
    let residual = pattern(test.outputShape, 4)
    let naive = NaiveConvolution(x, w, residual, stride: test.stride, padding: test.padding)
    let (biases, residuals) = (bias.scalars, residual.scalars)
    let plain = naive.y.scalars.enumerated().map { $1 + biases[$0 % test.outputs] }
    let fused = zip(plain, residuals).map { max(0, $0 + $1) }
    let tolerance = 3e-6 + 1e-7 * Float(9 * test.input[3])
    let packed = PackedConvolution(w, stride: test.stride, padding: test.padding)
    BLAS.withKernelLevel(level) {
      let y = packed.apply(x, bias: bias)
      #expect(y.shape == test.outputShape)
      #expect(difference(y, Tensor(plain, shape: y.shape)) < tolerance)
      let active = packed.apply(x, bias: bias, residual: residual, activation: .relu)
      #expect(difference(active, Tensor(fused, shape: y.shape)) < tolerance)
    }
  }

  @Test(arguments: [
    ConvolutionCase([1, 65, 67, 16], [3, 3], 64, 1, 1),
    ConvolutionCase([1, 131, 130, 16], [3, 3], 64, 2, 1),
  ])
  func manyResultsAgreeWithTheDefinition(_ test: ConvolutionCase) {
    let x = Parameter(pattern(test.input, 1))
    let w = Parameter(pattern(test.kernel + [test.input[3], test.outputs], 2))
    let dy = pattern(test.outputShape, 4)
    let naive = NaiveConvolution(
      x.value, w.value, dy, stride: test.stride, padding: test.padding)
    let y = conv2d(x.tensor, weight: w.tensor, stride: test.stride, padding: test.padding)
    #expect(difference(y, naive.y) < 2e-5)
    y.backward(gradient: dy)
    #expect(difference(x.gradient!, naive.dx) < 1e-4)
    // Sums over all pixels.
    #expect(difference(w.gradient!, naive.dw) < 1e-3)
  }

  /// Winograd's gradients where it is chosen, 2^18 results and more, with sizes that fill neither tiles
  /// nor the chunks of 64 channels in which the weights' gradient is formed.
  @Test(
    arguments: [
      ConvolutionCase([1, 65, 67, 16], [3, 3], 64, 1, 1),
      ConvolutionCase([1, 39, 41, 80], [3, 3], 176, 1, 1),  // two chunks by three
      ConvolutionCase([2, 30, 33, 144], [3, 3], 144, 1, 2),  // three by three
      ConvolutionCase([1, 92, 91, 32], [3, 3], 48, 1, 0),
    ], [0, 1, 2])
  func winogradsGradientsOnEveryInstructionSet(_ test: ConvolutionCase, level: Int) throws {
    #expect(test.outputShape.reduce(1, *) >= 1 << 18)
    let x0 = pattern(test.input, 1)
    let w0 = pattern(test.kernel + [test.input[3], test.outputs], 2)
    let dy = pattern(test.outputShape, 4)
    func gradients(_ x0: Tensor, _ w0: Tensor, _ dy: Tensor) -> [Tensor] {
      let (x, w) = (Parameter(x0), Parameter(w0))
      let y = conv2d(x.tensor, weight: w.tensor, stride: test.stride, padding: test.padding)
      y.backward(gradient: dy)
      return [y.detached, x.gradient!, w.gradient!]
    }
    let reference = DirectConvolution(x0, w0, dy, padding: test.padding)
    try BLAS.withKernelLevel(level) {
      let one = try withThreads(1) { gradients(x0, w0, dy) }
      for (found, expected) in zip(one, [reference.y, reference.dx, reference.dw]) {
        let largest = expected.scalars.reduce(0) { max($0, abs($1)) }
        #expect(largest > 1 && difference(found, expected) < 1e-5 * largest)
      }
      let three = try withThreads(3) { gradients(x0, w0, dy) }
      for (a, b) in zip(one, three) { #expect(a.scalars == b.scalars) }
    }
  }

  @Test(arguments: [(1, 1), (3, 1), (3, 2)])
  func residualAndActivationAreFused(kernel: Int, stride: Int) {
    let x = pattern([2, 6 * stride, 5 * stride, 16], 1)
    let w = pattern([kernel, kernel, 16, 32], 2)
    let bias = pattern([32], 3)
    let residual = pattern([2, 6, 5, 32], 4)
    let packed = PackedConvolution(w, stride: stride, padding: kernel / 2)
    let plain = packed.apply(x, bias: bias)
    let fused = packed.apply(x, bias: bias, residual: residual, activation: .relu)
    let expected = zip(plain.scalars, residual.scalars).map { max(0, $0 + $1) }
    #expect(difference(fused, Tensor(expected, shape: fused.shape)) < 1e-6)
  }

  @Test(arguments: [
    ConvolutionCase([3, 6, 5, 16], [1, 1], 32, 1, 0),
    ConvolutionCase([3, 6, 5, 16], [3, 3], 32, 1, 1),
    ConvolutionCase([3, 11, 9, 16], [3, 3], 32, 2, 1),
    ConvolutionCase([3, 6, 5, 5], [3, 3], 7, 1, 1),
    ConvolutionCase([3, 6, 5, 2000], [1, 1], 33, 1, 0),
  ])
  func theResidualMayLieWhereTheResultGoes(_ test: ConvolutionCase) {
    let x = pattern(test.input, 1)
    let w = pattern(test.kernel + [test.input[3], test.outputs], 2)
    let bias = pattern([test.outputs], 3)
    let residual = pattern(test.outputShape, 4)
    let packed = PackedConvolution(w, stride: test.stride, padding: test.padding)
    let apart = packed.apply(x, bias: bias, residual: residual, activation: .relu)
    var target = residual.copy()
    packed.apply(
      x.sliced(1..<3), bias: bias, residual: target.sliced(1..<3), activation: .relu,
      into: &target, first: 1)
    #expect(difference(target.sliced(1..<3), apart.sliced(1..<3)) < 1e-4)
    #expect(target.sliced(0..<1).scalars == residual.sliced(0..<1).scalars)
  }

  @Test func bitsDoNotDependOnTheNumberOfThreads() throws {
    var results: [[Float]] = []
    for threads in [1, 2, 4, 16] {
      var bits: [Float] = []
      for test in [
        ConvolutionCase([2, 40, 44, 64], [3, 3], 64, 1, 1),
        ConvolutionCase([2, 40, 44, 32], [1, 1], 64, 1, 0),
        ConvolutionCase([2, 40, 44, 16], [3, 3], 32, 2, 1),
      ] {
        bits += try withThreads(threads) {
          let x = Parameter(pattern(test.input, 1))
          let w = Parameter(pattern(test.kernel + [test.input[3], test.outputs], 2))
          let y = conv2d(x.tensor, weight: w.tensor, stride: test.stride, padding: test.padding)
          y.backward(gradient: pattern(test.outputShape, 4))
          let packed = PackedConvolution(w.value, stride: test.stride, padding: test.padding)
          return y.scalars + x.gradient!.scalars + w.gradient!.scalars
            + packed.apply(x.value).scalars
        }
      }
      results.append(bits)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
