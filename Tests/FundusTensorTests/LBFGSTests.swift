import FundusTensor
import Testing

@Suite struct LBFGSTests {
  /// Rosenbrock's valley in n dimensions.
  private func rosenbrock(_ x: [Double]) -> (value: Double, gradient: [Double]) {
    var value = 0.0
    var gradient = [Double](repeating: 0, count: x.count)
    for index in 0..<x.count - 1 {
      let bend = x[index + 1] - x[index] * x[index]
      let rest = 1 - x[index]
      value += 100 * bend * bend + rest * rest
      gradient[index] += -400 * x[index] * bend - 2 * rest
      gradient[index + 1] += 200 * bend
    }
    return (value, gradient)
  }

  @Test func findsTheEndOfTheValley() {
    for count in [2, 10, 37] {
      let start = (0..<count).map { $0 % 2 == 0 ? -1.2 : 1.0 }
      let outcome = LBFGS(gradientTolerance: 1e-9).minimize(from: start, rosenbrock)
      #expect(outcome.converged && outcome.gradientMaximum <= 1e-9, "\(count) dimensions")
      // Away from the global minimum lies a local one, which longer valleys may lead to.
      if count == 2 { #expect(outcome.point.allSatisfy { abs($0 - 1) < 1e-8 }) }
    }
  }

  /// Straight downhill.
  @Test func needsNoMemory() {
    func bowl(_ x: [Double]) -> (value: Double, gradient: [Double]) {
      (x[0] * x[0] + 3 * x[1] * x[1], [2 * x[0], 6 * x[1]])
    }
    let without = LBFGS(maximumIterations: 200, memory: 0).minimize(from: [1, 2], bowl)
    let with = LBFGS(maximumIterations: 200, memory: 1).minimize(from: [1, 2], bowl)
    #expect(without.converged && without.point.allSatisfy { abs($0) < 1e-5 })
    #expect(with.converged)
  }

  @Test func aFunctionThatIsNoNumberDoesNotConverge() {
    let outcome = LBFGS().minimize(from: [1]) { _ in (.nan, [.nan]) }
    #expect(!outcome.converged)
  }

  @Test func stopsEarlierLikeSciPy() {
    let start = [-1.2, 1]
    let exact = LBFGS(gradientTolerance: 1e-9).minimize(from: start, rosenbrock)
    let early = LBFGS.likeSciPy(relativeTolerance: 1e-3).minimize(from: start, rosenbrock)
    #expect(early.converged && early.iterations < exact.iterations)
  }

  @Test func usesAGuessAtTheCurvature() {
    // Curvatures from 1 to 10⁸: with the exact diagonal, one step is enough.
    let curvature = (0..<9).map { index in (0..<index).reduce(1.0) { value, _ in value * 10 } }
    let outcome = LBFGS(gradientTolerance: 1e-6).minimize(
      from: [Double](repeating: 1, count: 9), diagonal: curvature.map { 1 / $0 }
    ) { x in
      let gradient = zip(curvature, x).map { $0 * $1 }
      return (zip(gradient, x).reduce(0) { $0 + $1.0 * $1.1 / 2 }, gradient)
    }
    #expect(outcome.converged && outcome.iterations <= 2)
  }
}
