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
          try optimizer.restore(saved)
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

  /// Six steps beside a plain transcription of PyTorch's definition in double precision.
  @Test(arguments: [(0, 0), (0.9, 0), (0.9, 0.1)] as [(Float, Float)])
  func gradientDescentFollowsItsDefinition(momentum: Float, decay: Float) {
    let start: [Float] = [1, -2, 3] + (0..<40_000).map { Float($0 % 7) - 3 }
    let parameter = Parameter(Tensor(start, shape: [start.count]))
    let optimizer = SGD([("p", parameter)], momentum: momentum, weightDecay: decay)
    var p = start.map(Double.init)
    var v = [Double](repeating: 0, count: p.count)
    for _ in 0..<6 {
      optimizer.zeroGradients()
      parameter.tensor.squared().sum().backward()
      optimizer.step(learningRate: 0.05, gradientScale: 0.5)
      for i in p.indices {
        v[i] = Double(momentum) * v[i] + p[i] + Double(decay) * p[i]
        p[i] -= 0.05 * v[i]
      }
    }
    #expect(difference(parameter.value, Tensor(p.map { Float($0) }, shape: [p.count])) < 1e-5)
  }

  static let kinds = ["AdamW", "AMSGrad", "SGD"]

  private func optimizer(
    _ kind: String, _ parameters: [(name: String, parameter: Parameter)]
  ) -> any Optimizer {
    if kind == "SGD" { return SGD(parameters, momentum: 0.9) }
    var configuration = AdamW.Configuration()
    configuration.usesMaximum = kind == "AMSGrad"
    return AdamW(parameters, configuration: configuration)
  }

  private func move(_ optimizer: any Optimizer, _ parameters: Parameter...) {
    for parameter in parameters {
      parameter.gradient = randomTensor(parameter.value.shape, seed: UInt64(parameter.version))
    }
    optimizer.step(learningRate: 0.1, gradientScale: 1)
  }

  @Test(arguments: kinds) func aStateIsASnapshot(kind: String) throws {
    let parameter = Parameter(randomTensor([50]))
    let optimizer = optimizer(kind, [("p", parameter)])
    move(optimizer, parameter)
    let state = optimizer.state
    let before = state.map(\.tensor.scalars)
    #expect(before.allSatisfy { $0.contains { $0 != 0 } })
    move(optimizer, parameter)
    #expect(state.map(\.tensor.scalars) == before)
    #expect(optimizer.state.map(\.tensor.scalars) != before)
    // What was restored stays apart from the state it came from.
    try optimizer.restore(Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.tensor) }))
    move(optimizer, parameter)
    #expect(state.map(\.tensor.scalars) == before)
  }

  /// A state of another model, of other weights or of another optimizer is refused, and what there was
  /// stays.
  @Test(arguments: kinds) func onlyTheWholeStateIsTakenOver(kind: String) throws {
    let parameter = Parameter(randomTensor([8]))
    let still = Parameter(randomTensor([3]))
    let optimizer = optimizer(kind, [("p", parameter), ("still", still)])
    move(optimizer, parameter)
    let good = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, $0.tensor) })
    let before = optimizer.state.map(\.tensor.scalars)
    func refuses(_ state: [String: Tensor], naming names: String...) {
      #expect("\(names)") {
        try optimizer.restore(state)
      } throws: { error in
        names.allSatisfy { "\(error)".contains($0) }
      }
      #expect(optimizer.state.map(\.tensor.scalars) == before)
    }
    let first = kind == "SGD" ? "momentum_buffer.p" : "exp_avg.p"
    refuses([:], naming: "missing", kind == "SGD" ? first : "step.p")
    refuses(["p": Tensor(zeros: [8]), "still": still.value], naming: "missing", "unexpected: p")
    refuses(good.filter { $0.key != first }, naming: "missing", first)
    refuses(good.merging(["q": Tensor(1)]) { $1 }, naming: "unexpected: q")
    refuses(good.merging([first: Tensor(zeros: [2, 4])]) { $1 }, naming: first, "[2, 4]", "[8]")
    refuses(
      good.merging([first: Tensor(repeating: .nan, shape: [8])]) { $1 }, naming: first, "finite")
    if kind != "SGD" {
      for bad in [-1, -5, 0.5, Float.nan, .infinity] {
        refuses(good.merging(["step.p": Tensor(bad)]) { $1 }, naming: "step.p")
      }
      // No steps, but moments.
      refuses(good.merging(["step.p": Tensor(0)]) { $1 }, naming: "unexpected", first)
    }
    try optimizer.restore(good)
    #expect(optimizer.state.map(\.tensor.scalars) == before)
  }

  /// Tied weights have two names and are still one parameter.
  @Test(arguments: kinds) func tiedParametersMoveOnce(kind: String) {
    let (tied, plain) = (Parameter(randomTensor([8])), Parameter(randomTensor([8])))
    let twice = optimizer(kind, [("a", tied), ("b", tied)])
    let once = optimizer(kind, [("a", plain)])
    #expect(twice.parameters.map(\.name) == ["a"])
    for _ in 0..<3 {
      move(twice, tied)
      move(once, plain)
    }
    #expect(tied.value.scalars == plain.value.scalars)
    #expect(twice.state.map(\.name) == once.state.map(\.name))
    #expect(
      GradientNorm(of: [("a", tied), ("b", tied)], limit: nil).value
        == GradientNorm(of: [("a", plain)], limit: nil).value)
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
