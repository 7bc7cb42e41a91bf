extension Tensor {
  /// Computes the gradients of all parameters that this tensor depends on and adds them to
  /// ``Parameter/gradient``. The tape is consumed: a second call on the same result traps.
  ///
  /// - Parameter gradient: the gradient of the final quantity with respect to this tensor; 1 when
  ///   left out, for which this tensor must be a scalar.
  public func backward(gradient: Tensor? = nil) {
    guard let root = node else { preconditionFailure("nothing here requires a gradient") }
    precondition(gradient != nil || count == 1, "only a scalar has an implicit gradient of 1")
    let seed = gradient ?? Tensor(repeating: 1, shape: shape)
    precondition(seed.shape == shape, "a gradient of \(seed.shape) for a tensor of \(shape)")

    var pendingUses = Backpropagation.countUses(from: root)
    var gradients: [ObjectIdentifier: Tensor] = [ObjectIdentifier(root): seed.detached]
    var ready = [root]
    while let node = ready.popLast() {
      var gradient = gradients.removeValue(forKey: ObjectIdentifier(node))
      if node.isLeaf {
        if let gradient { node.parameter?.accumulate(gradient) }
        continue
      }
      guard let rule = node.backward else {
        preconditionFailure("this tape has been consumed by an earlier backward pass")
      }
      node.backward = nil
      // The sums are removed from the table first, so that the rule may hold the only reference to them.
      var sums = node.inputs.map {
        $0.flatMap { gradients.removeValue(forKey: ObjectIdentifier($0)) }
      }
      if gradient != nil { Autograd.withoutGradients { rule(&gradient!, &sums) } }
      for (index, input) in node.inputs.enumerated() {
        guard let input else { continue }
        let key = ObjectIdentifier(input)
        if let sum = sums[index] { Backpropagation.add(sum, to: &gradients[key]) }
        sums[index] = nil
        pendingUses[key]! -= 1
        if pendingUses[key] == 0 { ready.append(input) }
      }
    }
  }
}

enum Backpropagation {
  /// The number of results on the path to `root` that use each node.
  static func countUses(from root: GradientNode) -> [ObjectIdentifier: Int] {
    var uses: [ObjectIdentifier: Int] = [ObjectIdentifier(root): 0]
    var stack = [root]
    while let node = stack.popLast() {
      for case let input? in node.inputs {
        let key = ObjectIdentifier(input)
        if let known = uses[key] {
          uses[key] = known + 1
        } else {
          uses[key] = 1
          stack.append(input)
        }
      }
    }
    return uses
  }

  /// Adds a gradient to the sum of earlier ones, if there are any: in place, if it is not shared.
  static func add(_ gradient: Tensor, to sum: inout Tensor?) {
    guard let shape = sum?.shape else {
      sum = gradient
      return
    }
    precondition(gradient.shape == shape, "gradients of \(shape) and \(gradient.shape)")
    if sum!.isUnshared() {
      Kernels.add(sum!.pointer, gradient.pointer, into: sum!.mutablePointer, count: gradient.count)
    } else {
      sum = Autograd.withoutGradients { sum! + gradient }
    }
  }
}
