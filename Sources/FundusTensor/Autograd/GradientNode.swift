/// A step of a computation, kept so that gradients can flow back through it.
///
/// Nodes form the tape: each knows the nodes of its inputs and how to turn the gradient of its
/// result into the gradients of those inputs.
final class GradientNode: @unchecked Sendable {
  /// Gradient of the result to gradients of the inputs, in order; nil where an input needs none.
  typealias Backward = (Tensor) -> [Tensor?]
  /// The same for operators on large tensors, which may overwrite the gradient of the result, and accumulate
  /// into the gradients of the inputs in place, wherever ``Tensor/isUnshared()`` is true.
  typealias BackwardInPlace = (_ gradient: inout Tensor, _ sums: inout [Tensor?]) -> Void

  let inputs: [GradientNode?]
  /// Released as soon as it has run, which frees the activations that it holds.
  var backward: BackwardInPlace?
  /// A leaf ends the tape: a gradient that arrives there belongs to its parameter, if that still exists.
  let isLeaf: Bool
  weak var parameter: Parameter?

  init(inputs: [GradientNode?], backward: @escaping BackwardInPlace) {
    self.inputs = inputs
    self.backward = backward
    isLeaf = false
  }

  init(leaf parameter: Parameter?) {
    inputs = []
    isLeaf = true
    self.parameter = parameter
  }
}

/// Whether operators are recorded for gradients.
public enum Autograd {
  @TaskLocal static var isRecording = true

  /// Whether operators on tensors that require a gradient are currently recorded.
  public static var isRecordingGradients: Bool { isRecording }

  /// Runs `body` without recording gradients: less memory, faster paths.
  public static func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    try $isRecording.withValue(false, operation: body)
  }

  /// Runs `body` with recording of gradients, also inside ``withoutGradients(_:)``.
  public static func withGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    try $isRecording.withValue(true, operation: body)
  }
}

extension Tensor {
  /// Whether a gradient would flow back through this tensor.
  public var requiresGradient: Bool { node != nil }

  /// This result, with the rule by which its gradient flows back to `inputs`.
  ///
  /// Keeps nothing when recording is off or no input requires a gradient.
  func recording(_ inputs: Tensor..., backward: @escaping GradientNode.Backward) -> Tensor {
    recording(inputs, backward: backward)
  }

  func recording(_ inputs: [Tensor], backward: @escaping GradientNode.Backward) -> Tensor {
    recording(inputs) { (gradient: inout Tensor, sums: inout [Tensor?]) in
      let gradients = backward(gradient)
      precondition(gradients.count == sums.count, "a rule left out an input")
      for (index, gradient) in gradients.enumerated() {
        if let gradient { Backpropagation.add(gradient, to: &sums[index]) }
      }
    }
  }

  func recording(
    _ inputs: [Tensor], backward: @escaping GradientNode.BackwardInPlace
  ) -> Tensor {
    guard Autograd.isRecording, inputs.contains(where: \.requiresGradient) else { return self }
    var result = self
    result.node = GradientNode(inputs: inputs.map(\.node), backward: backward)
    return result
  }
}

/// Whether an operator on these inputs will have to remember what its backward pass needs.
func isRecorded(_ inputs: Tensor...) -> Bool {
  Autograd.isRecording && inputs.contains(where: \.requiresGradient)
}
