extension Tensor {
  /// Computes the gradients of all parameters that this tensor depends on and adds them to
  /// ``Parameter/gradient``. The tape is consumed: a second call on the same result traps.
  ///
  /// - Parameter gradient: the gradient of the final quantity with respect to this tensor; 1 when
  ///   left out, for which this tensor must be a scalar.
  public func backward(gradient: Tensor? = nil) {
    guard let root = node else { preconditionFailure("nothing here requires a gradient") }
    precondition(gradient != nil || count == 1, "only a scalar has a gradient of its own")
    let seed = gradient ?? Tensor(repeating: 1, shape: shape)
    precondition(seed.shape == shape, "a gradient of \(seed.shape) for a tensor of \(shape)")

    var pendingUses = Backpropagation.countUses(from: root)
    var gradients: [ObjectIdentifier: Tensor] = [ObjectIdentifier(root): seed.detached]
    var ready = [root]
    while let node = ready.popLast() {
      let identifier = ObjectIdentifier(node)
      let gradient = gradients.removeValue(forKey: identifier)
      if node.isLeaf {
        if let gradient { node.parameter?.accumulate(gradient) }
        continue
      }
      guard let rule = node.backward else {
        preconditionFailure("this tape has been consumed by an earlier backward pass")
      }
      node.backward = nil
      let inputGradients: [Tensor?] =
        if let gradient { Autograd.withoutGradients { rule(gradient) } } else {
          Array(repeating: nil, count: node.inputs.count)
        }
      precondition(inputGradients.count == node.inputs.count, "a rule left out an input")
      for (input, inputGradient) in zip(node.inputs, inputGradients) {
        guard let input else { continue }
        let key = ObjectIdentifier(input)
        if let inputGradient {
          if var sum = gradients.removeValue(forKey: key) {
            Backpropagation.add(inputGradient, to: &sum)
            gradients[key] = sum
          } else {
            gradients[key] = inputGradient
          }
        }
        pendingUses[key]! -= 1
        if pendingUses[key] == 0 { ready.append(input) }
      }
    }
  }
}

enum Backpropagation {
  /// How many results that lead to `root` use each node.
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

  /// Adds a gradient to the sum of earlier ones: in place, where nobody else looks at it.
  static func add(_ gradient: Tensor, to sum: inout Tensor) {
    precondition(gradient.shape == sum.shape, "gradients of \(sum.shape) and \(gradient.shape)")
    if isKnownUniquelyReferenced(&sum.storage), sum.storage.isWritable {
      Kernels.add(sum.pointer, gradient.pointer, into: sum.mutablePointer, count: sum.count)
    } else {
      sum = Autograd.withoutGradients { sum + gradient }
    }
  }
}
