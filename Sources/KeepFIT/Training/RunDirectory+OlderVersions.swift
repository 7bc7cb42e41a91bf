extension RunDirectory {
  /// The state of an optimizer with 0 steps for the parameters that no step had moved, such as an attention
  /// that the objective does not use: older versions left them out. The current version writes these zeros,
  /// so a state that contains one is complete, and a missing entry is an error.
  static func completed(
    _ state: [String: Tensor], for optimizer: any Optimizer
  ) -> [String: Tensor] {
    let steps = state.filter { $0.key.hasPrefix("step.") }
    guard !steps.isEmpty, steps.allSatisfy({ $0.value.count == 1 && $0.value.item != 0 }) else {
      return state
    }
    let prefixes = ["step.", "exp_avg.", "exp_avg_sq.", "max_exp_avg_sq."]
    var result = state
    for (name, _) in optimizer.parameters where prefixes.allSatisfy({ state[$0 + name] == nil }) {
      result["step." + name] = Tensor(0)
    }
    return result
  }
}
