/// Several optimizers combined into one, each with its own learning rate: PyTorch's parameter groups.
public final class GroupedOptimizer: Optimizer {
  /// The optimizers of the groups, in order.
  public let groups: [any Optimizer]

  /// Joins optimizers.
  /// - Parameter groups: optimizers over different parameters, whose names differ too.
  public init(_ groups: [any Optimizer]) {
    self.groups = groups
    let all = groups.flatMap(\.parameters)
    precondition(
      all.distinct().count == all.count, "a parameter belongs to two groups of an optimizer")
  }

  public var parameters: [(name: String, parameter: Parameter)] { groups.flatMap(\.parameters) }

  /// Makes one step with the same rate for all groups.
  public func step(learningRate: Float, gradientScale: Float = 1) {
    step(
      learningRates: groups.map { _ in learningRate }, gradientScale: gradientScale)
  }

  /// Performs one step.
  /// - Parameters:
  ///   - learningRates: the rate of each group.
  ///   - gradientScale: the factor of every gradient.
  public func step(learningRates: [Float], gradientScale: Float = 1) {
    precondition(
      learningRates.count == groups.count,
      "\(learningRates.count) learning rates for \(groups.count) groups")
    for (group, rate) in zip(groups, learningRates) {
      group.step(learningRate: rate, gradientScale: gradientScale)
    }
  }

  public var state: [(name: String, tensor: Tensor)] { groups.flatMap(\.state) }

  public func restore(_ state: [String: Tensor]) throws {
    // A state is named `kind.parameter`.
    var owners: [String: Int] = [:]
    for (index, group) in groups.enumerated() {
      for (name, _) in group.parameters { owners[name] = index }
    }
    var parts = groups.map { _ in [String: Tensor]() }
    for (name, tensor) in state {
      let parameter = name.firstIndex(of: ".").map { String(name[name.index(after: $0)...]) }
      // A name that belongs to no group is reported as unexpected by the first one.
      parts[parameter.flatMap { owners[$0] } ?? 0][name] = tensor
    }
    let before = groups.map { group in
      Dictionary(uniqueKeysWithValues: group.state.map { ($0.name, $0.tensor) })
    }
    for (index, group) in groups.enumerated() {
      do {
        try group.restore(parts[index])
      } catch {
        for earlier in 0..<index { try groups[earlier].restore(before[earlier]) }
        throw error
      }
    }
  }
}
