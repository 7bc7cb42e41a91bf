import Foundation
import FundusTensor
import Testing

@Suite struct OptimizerTests {
  /// A step writes over a value that nobody holds, and over no other.
  @Test func aValueThatSomebodyHoldsStaysAsItIs() {
    let parameter = Parameter(Tensor([1, -2, 3], shape: [3]))
    let optimizer = AdamW([("p", parameter)])
    parameter.tensor.squared().sum().backward()
    let held = parameter.value
    optimizer.step(learningRate: 0.1)
    #expect(held.scalars == [1, -2, 3])
    #expect(zip(parameter.value.scalars, held.scalars).allSatisfy { $0 != $1 })
  }

  /// Six steps on a quadratic, beside a plain transcription of the definition in double precision.
  @Test(arguments: [false, true], [false, true])
  func adamFollowsItsDefinition(isDecoupled: Bool, usesMaximum: Bool) {
    let parameter = Parameter(Tensor([1, -2, 3], shape: [3]))
    var configuration = AdamW.Configuration()
    configuration.weightDecay = 0.1
    configuration.isDecayDecoupled = isDecoupled
    configuration.usesMaximum = usesMaximum
    let optimizer = AdamW([("p", parameter)], configuration: configuration)
    var p: [Double] = [1, -2, 3]
    var (m, v, top) = ([0.0, 0, 0], [0.0, 0, 0], [0.0, 0, 0])
    for step in 1...6 {
      optimizer.zeroGradients()
      (parameter.tensor.squared().sum() * (step == 3 ? 0.1 : 1)).backward()
      optimizer.step(learningRate: 0.05, gradientScale: 0.5)
      for i in 0..<3 {
        var g = p[i] * 2 * (step == 3 ? 0.1 : 1) * 0.5
        if isDecoupled { p[i] *= 1 - 0.05 * 0.1 } else { g += 0.1 * p[i] }
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.999 * v[i] + 0.001 * g * g
        top[i] = max(top[i], v[i])
        let second = (usesMaximum ? top[i] : v[i]) / (1 - pow(0.999, Double(step)))
        p[i] -= 0.05 * m[i] / (1 - pow(0.9, Double(step))) / (second.squareRoot() + 1e-8)
      }
    }
    for i in 0..<3 { #expect(abs(Double(parameter.value[i]) - p[i]) < 1e-5) }
  }

  @Test func restoredStateContinuesToTheSameBits() throws {
    func run(restartAt: Int?) throws -> [Float] {
      var parameter = Parameter(randomTensor([50]))
      let unused = Parameter(randomTensor([4]))
      var optimizer = AdamW([("p", parameter), ("unused", unused)])
      for step in 0..<8 {
        if step == restartAt {
          let saved = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, $0.tensor) })
          parameter = Parameter(parameter.value)
          optimizer = AdamW([("p", parameter), ("unused", unused)])
          try optimizer.restore { saved[$0] }
        }
        optimizer.zeroGradients()
        (parameter.tensor - 2).squared().sum().backward()
        optimizer.step(learningRate: 0.1)
      }
      #expect(unused.value.scalars == randomTensor([4]).scalars)
      return parameter.value.scalars
    }
    #expect(try run(restartAt: nil) == run(restartAt: 4))
  }

  @Test func gradientNormClipsAsPyTorchDoes() {
    let a = Parameter(Tensor([3], shape: [1]))
    let b = Parameter(Tensor([4], shape: [1]))
    a.gradient = Tensor([3], shape: [1])
    b.gradient = Tensor([4], shape: [1])
    let norm = GradientNorm(of: [("a", a), ("b", b)], limit: 1)
    #expect(norm.value == 5)
    #expect(abs(norm.scale - 0.2) < 1e-6)
    #expect(GradientNorm(of: [("a", a)], limit: 10).scale == 1)
  }

  @Test func scheduleMatchesThePublishedNumbers() {
    let schedule = LearningRateSchedule.warmupCosine(warmup: 10, total: 1000)
    #expect(schedule.factor(at: 0) == 0.1)
    #expect(schedule.factor(at: 9) == 1)
    #expect(abs(schedule.factor(at: 149) - 0.952) < 2e-3)
    #expect(schedule.factor(at: 1000) == 0)
    #expect(schedule.factor(at: 5000) == 0)
  }

  @Test func recomputationGivesTheSameGradientsTwice() {
    let weight = Parameter(randomTensor([4, 4], seed: 3))
    let input = Parameter(randomTensor([4, 4], seed: 4))
    func layer(_ x: Tensor) -> Tensor { (x * weight.tensor).tanh() + x }
    layer(layer(input.tensor)).sum().backward()
    let expected = (weight.gradient!.scalars, input.gradient!.scalars)
    weight.zeroGradient()
    input.zeroGradient()
    var repeats = 0
    let middle = Autograd.recomputing(input.tensor, parameters: [weight]) { x, isRepeated in
      if isRepeated { repeats += 1 }
      return layer(x)
    }
    Autograd.recomputing(middle, parameters: [weight]) { x, _ in layer(x) }.sum().backward()
    #expect(repeats == 1)
    #expect(weight.gradient!.scalars == expected.0)
    #expect(input.gradient!.scalars == expected.1)
    // An input that needs no gradient, with parameters that do.
    weight.zeroGradient()
    Autograd.recomputing(input.value, parameters: [weight]) { x, _ in layer(x) }.sum().backward()
    #expect(weight.gradient != nil)
  }
}
