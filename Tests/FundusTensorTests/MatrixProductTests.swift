import Foundation
import FundusTensor
import TestSupport
import Testing

/// Values that are different everywhere and the same in every run.
func pattern(_ shape: [Int], _ seed: Int = 1) -> Tensor {
  let count = shape.reduce(1, *)
  return Tensor(
    (0..<count).map { index in
      var bits = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(seed) &* 0xD1B5_4A32_D192_ED03
      bits = (bits ^ bits >> 31) &* 0xBF58_476D_1CE4_E5B9
      return Float((bits ^ bits >> 27) >> 40) / Float(1 << 23) - 1
    }, shape: shape)
}

/// The largest absolute difference; infinite when a value is not a number or the shapes differ.
func difference(_ a: Tensor, _ b: Tensor) -> Float {
  guard a.shape == b.shape else { return .infinity }
  var worst: Float = 0
  for (x, y) in zip(a.scalars, b.scalars) where !(abs(x - y) <= worst) {
    worst = (x - y).isNaN ? .infinity : abs(x - y)
  }
  return worst
}

private func naiveProduct(_ a: Tensor, _ b: Tensor, _ transposeA: Bool, _ transposeB: Bool)
  -> Tensor
{
  let (x, y) = (a.scalars, b.scalars)
  let rows = transposeA ? a.shape[1] : a.shape[0]
  let inner = transposeA ? a.shape[0] : a.shape[1]
  let columns = transposeB ? b.shape[0] : b.shape[1]
  var out: [Float] = []
  for i in 0..<rows {
    for j in 0..<columns {
      var sum = 0.0
      for k in 0..<inner {
        sum +=
          Double(transposeA ? x[k * rows + i] : x[i * inner + k])
          * Double(transposeB ? y[j * inner + k] : y[k * columns + j])
      }
      out.append(Float(sum))
    }
  }
  return Tensor(out, shape: [rows, columns])
}

@Suite struct MatrixProductTests {
  /// What every comparison here rests on.
  @Test func aComparisonRejectsWhatIsNoNumber() {
    let plain = Tensor([1, 2], shape: [2])
    #expect(difference(plain, plain) == 0)
    #expect(difference(plain, Tensor([1, 2.5], shape: [2])) == 0.5)
    #expect(difference(plain, Tensor([1, .nan], shape: [2])) == .infinity)
    #expect(difference(Tensor([.nan, 2], shape: [2]), plain) == .infinity)
    #expect(difference(Tensor([.infinity, 2], shape: [2]), plain) == .infinity)
    #expect(
      difference(Tensor([.infinity], shape: [1]), Tensor([.infinity], shape: [1])) == .infinity)
    #expect(difference(plain, Tensor([1, 2], shape: [1, 2])) == .infinity)
  }

  /// A gradient that is wrong, or no number, must not pass the check by differences.
  @Test(arguments: [1.1, .nan, .infinity] as [Float])
  func theGradientCheckFindsAWrongGradient(factor: Float) {
    /// The identity, whose gradient is multiplied.
    func wrong(_ x: Tensor) -> Tensor { x + (x - x.detached) * (factor - 1) }
    withKnownIssue { checkGradients([pattern([3])]) { wrong($0[0]) } }
    withKnownIssue { checkGradients(of: [pattern([3])]) { wrong($0[0]) } }
  }

  @Test func runsTheKernelsOfThisProcessor() {
    let core = BLAS.coreName
    #expect(!core.isEmpty)
    if getenv("OPENBLAS_CORETYPE") == nil {
      #expect(core != "Prescott" && core != "Core2")
      #expect(BLAS.betterCore(than: core, level: BLAS.kernelLevel) == nil)
    }
  }

  #if os(Linux) && arch(x86_64)
    /// Kernels are replaced only where they leave instructions of the processor unused.
    @Test(arguments: [
      ("Prescott", 2, "SkylakeX"), ("Prescott", 1, "Haswell"), ("Prescott", 0, nil),
      ("Zen", 2, "SkylakeX"), ("Zen", 1, nil), ("Haswell", 1, nil), ("Cooperlake", 2, nil),
      ("SapphireRapids", 2, nil), ("a core of the future", 2, nil),
    ])
    func replacesKernelsThatFallBack(core: String, level: Int, better: String?) {
      #expect(BLAS.betterCore(than: core, level: level) == better)
    }
  #endif

  @Test(arguments: [(1, 1, 1), (17, 5, 33), (30, 65, 31), (200, 100, 130)])
  func productsAndTheirGradients(rows: Int, inner: Int, columns: Int) {
    for transposeA in [false, true] {
      for transposeB in [false, true] {
        let a = Parameter(pattern(transposeA ? [inner, rows] : [rows, inner], 1))
        let b = Parameter(pattern(transposeB ? [columns, inner] : [inner, columns], 2))
        let c = matmul(a.tensor, b.tensor, transposeA: transposeA, transposeB: transposeB)
        #expect(difference(c, naiveProduct(a.value, b.value, transposeA, transposeB)) < 2e-5)
        let gradient = pattern([rows, columns], 3)
        c.backward(gradient: gradient)
        let gradientA = naiveProduct(gradient, b.value, false, !transposeB)
        let gradientB = naiveProduct(a.value, gradient, !transposeA, false)
        #expect(
          difference(a.gradient!, transposeA ? gradientA.transposed() : gradientA) < 2e-5)
        #expect(
          difference(b.gradient!, transposeB ? gradientB.transposed() : gradientB) < 2e-5)
      }
    }
  }

  /// Large products pack their second matrix once; each item of a batch is the product that it is alone.
  @Test func largeProductsOfABatchAreThoseOfItsItems() {
    let (a, b) = (pattern([3, 130, 100], 1), pattern([3, 90, 100], 2))
    let all = matmul(a, b, transposeB: true)
    for item in 0..<3 {
      let (x, y) = (a.sliced(item..<item + 1), b.sliced(item..<item + 1))
      let own = matmul(
        x.reshaped([130, 100]), y.reshaped([90, 100]), transposeB: true)
      #expect(all.sliced(item..<item + 1).scalars == own.scalars)
      #expect(
        difference(
          own, naiveProduct(x.reshaped([130, 100]), y.reshaped([90, 100]), false, true)) < 2e-5)
    }
  }

  @Test func leadingAxesAndASharedMatrix() {
    let a = Parameter(pattern([3, 4, 5], 1))
    let b = Parameter(pattern([3, 5, 6], 2))
    let c = matmul(a.tensor, b.tensor)
    #expect(c.shape == [3, 4, 6])
    let second = Tensor(Array(a.value.scalars[20..<40]), shape: [4, 5])
    let secondB = Tensor(Array(b.value.scalars[30..<60]), shape: [5, 6])
    #expect(
      difference(
        Tensor(Array(c.scalars[24..<48]), shape: [4, 6]),
        naiveProduct(second, secondB, false, false)) < 1e-5)
    for transposeA in [false, true] {
      let shared = Parameter(pattern([transposeA ? 4 : 5, 7], 4))
      let x = Parameter(a.value)
      let product = matmul(x.tensor, shared.tensor, transposeA: transposeA)
      let gradient = pattern(product.shape, 5)
      product.backward(gradient: gradient)
      let tall = transposeA ? a.value.transposed() : a.value
      let flat = tall.reshaped([-1, tall.shape[2]])
      let flatGradient = gradient.reshaped([-1, 7])
      #expect(
        difference(shared.gradient!, naiveProduct(flat, flatGradient, true, false)) < 2e-5)
      let expected = naiveProduct(flatGradient, shared.value, false, true).reshaped(tall.shape)
      #expect(
        difference(x.gradient!, transposeA ? expected.transposed() : expected) < 2e-5)
    }
  }

  @Test(arguments: [0, 1, 2])
  func packedProductsOnEveryInstructionSet(level: Int) {
    BLAS.withKernelLevel(level) {
      for (rows, inner, columns) in [(1, 1, 1), (13, 7, 32), (31, 70, 65), (100, 1024, 96)] {
        let x = pattern([rows, inner], 1)
        let weight = pattern([columns, inner], 2)
        let bias = pattern([columns], 3)
        let residual = pattern([rows, columns], 4)
        let product = naiveProduct(x, weight, false, true)
        var expected = product.scalars
        for i in expected.indices {
          expected[i] = max(0, expected[i] + bias.scalars[i % columns] + residual.scalars[i])
        }
        let tolerance = Float(inner) * 1e-7 + 2e-6
        let byOutputs = PackedMatrix(outputsByInputs: weight)
        #expect(difference(byOutputs.apply(x), product) < tolerance)
        #expect(
          difference(
            PackedMatrix(inputsByOutputs: weight.transposed()).apply(
              x, bias: bias, residual: residual, activation: .relu),
            Tensor(expected, shape: [rows, columns])) < tolerance)
      }
    }
  }

  @Test func linearLayersDifferentiate() {
    let x = Parameter(pattern([2, 9, 35], 1))
    let weight = Parameter(pattern([40, 35], 2))
    let bias = Parameter(pattern([40], 3))
    let gradient = pattern([2, 9, 40], 4)
    linear(x.tensor, weight: weight.tensor, bias: bias.tensor).backward(gradient: gradient)
    let rows = gradient.reshaped([18, 40])
    #expect(
      difference(
        x.gradient!.reshaped([18, 35]), naiveProduct(rows, weight.value, false, false)) < 2e-5)
    #expect(
      difference(
        weight.gradient!, naiveProduct(rows, x.value.reshaped([18, 35]), true, false)) < 2e-5)
    let sums = naiveProduct(rows, Tensor(repeating: 1, shape: [18, 1]), true, false)
    #expect(difference(bias.gradient!.reshaped([40, 1]), sums) < 1e-5)
  }

  @Test func bitsDoNotDependOnTheNumberOfThreads() throws {
    let a = pattern([700, 300], 1)
    let b = pattern([300, 210], 2)
    let packed = PackedMatrix(inputsByOutputs: b)
    var products: [[Float]] = []
    for threads in [1, 2, 4] {
      let product = try withThreads(threads) { matmul(a, b).scalars }
      products.append(product + (try withThreads(threads) { packed.apply(a).scalars }))
    }
    #expect(products[0] == products[1] && products[0] == products[2])
  }
}
