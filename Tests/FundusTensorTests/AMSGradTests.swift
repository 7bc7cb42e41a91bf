import Foundation
import FundusTensor
import Testing

/// What `Scripts/goldens/amsgrad.py` wrote: 200 steps of PyTorch's Adam with two groups of parameters.
@Suite struct AMSGradTests {
  private let file: SafetensorsFile
  private let names = ["w1", "b1", "w2"]
  private let parameters: [String: Parameter]

  init() throws {
    file = try SafetensorsFile(
      contentsOf: Bundle.module.url(
        forResource: "Goldens/amsgrad", withExtension: "safetensors")!)
    var parameters: [String: Parameter] = [:]
    for name in names {
      parameters[name] = Parameter(try file.tensor(named: "start." + name))
    }
    self.parameters = parameters
  }

  private func makeOptimizer() -> GroupedOptimizer {
    var settings = AdamW.Configuration.adam
    settings.weightDecay = 5e-2
    settings.usesMaximum = true
    settings.gradientLimit = 0.1
    return GroupedOptimizer(
      [["w1", "b1"], ["w2"]].map { group in
        AdamW(group.map { ($0, parameters[$0]!) }, configuration: settings)
      })
  }

  private func loss(step: Int) throws -> Tensor {
    let (x, y) = (try file.tensor(named: "x"), try file.tensor(named: "y"))
    let hidden = (matmul(x, parameters["w1"]!.tensor) + parameters["b1"]!.tensor).tanh()
    let loss = (matmul(hidden, parameters["w2"]!.tensor) - y).squared().mean()
    return step % 40 == 0 ? loss * 20 : loss
  }

  private func move(_ optimizer: GroupedOptimizer, step: Int) throws -> Float {
    let schedule = LearningRateSchedule.steps(interval: 50, factor: 0.5)
    optimizer.zeroGradients()
    let loss = try loss(step: step)
    loss.backward()
    optimizer.step(learningRates: [5e-3, 1e-2].map { schedule.rate($0, at: step - 1) })
    return loss.item
  }

  /// 200 steps in single precision drift apart by rounding alone: 1e-5 of values near 1.
  private func expectClose(_ found: Tensor, _ name: String, tolerance: Float = 1e-5) throws {
    let expected = try file.tensor(named: name)
    let differences = zip(found.scalars, expected.scalars).map { abs($0 - $1) }
    #expect(found.shape == expected.shape)
    #expect(
      differences.allSatisfy { $0 <= tolerance }, "\(name) differs by \(differences.max() ?? .nan)")
  }

  @Test func twoHundredStepsAreThoseOfPyTorch() throws {
    let optimizer = makeOptimizer()
    let losses = try file.tensor(named: "losses")
    for step in 1...200 {
      let value = try move(optimizer, step: step)
      let difference = abs(value - losses[step - 1])
      #expect(difference <= 1e-5 * max(1, losses[step - 1]), "step \(step): \(difference)")
      guard file.names.contains("step\(step).w1") else { continue }
      for name in names { try expectClose(parameters[name]!.value, "step\(step).\(name)") }
    }
    for (name, tensor) in optimizer.state where name.hasPrefix("max_exp_avg_sq.") {
      try expectClose(tensor, "maximum." + name.dropFirst("max_exp_avg_sq.".count))
    }
  }

  @Test func groupsRestoreTogetherToTheSameBits() throws {
    let optimizer = makeOptimizer()
    for step in 1...3 { _ = try move(optimizer, step: step) }
    let state = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, $0.tensor) })
    let values = names.map { parameters[$0]!.value.scalars }
    for step in 4...6 { _ = try move(optimizer, step: step) }
    let expected = names.map { parameters[$0]!.value.scalars }
    for (name, value) in zip(names, values) {
      parameters[name]!.value = Tensor(value, shape: parameters[name]!.value.shape)
    }
    let other = makeOptimizer()
    try other.restore(state)
    for step in 4...6 { _ = try move(other, step: step) }
    #expect(names.map { parameters[$0]!.value.scalars } == expected)
  }

  /// A state that the second group refuses leaves the first one as it was.
  @Test func groupsTakeOverAllOrNothing() throws {
    let optimizer = makeOptimizer()
    for step in 1...3 { _ = try move(optimizer, step: step) }
    var state = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, $0.tensor) })
    for step in 4...5 { _ = try move(optimizer, step: step) }
    let before = optimizer.state.map(\.tensor.scalars)
    state["exp_avg.w2"] = Tensor(zeros: [2])
    #expect("[2]") {
      try optimizer.restore(state)
    } throws: { "\($0)".contains("exp_avg.w2") }
    state["exp_avg.w2"] = nil
    #expect(throws: OptimizerStateError.self) { try optimizer.restore(state) }
    state["exp_avg.nobody"] = Tensor(zeros: [2])
    #expect(throws: OptimizerStateError.self) { try optimizer.restore(state) }
    #expect(optimizer.state.map(\.tensor.scalars) == before)
  }
}
