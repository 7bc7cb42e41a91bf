/// A tensor that training changes.
///
/// Models are reference types; a parameter is the unit that optimizers, checkpoints and
/// communicators share. It belongs to one training loop at a time.
public final class Parameter: @unchecked Sendable {
  /// The present value, without history.
  public var value: Tensor {
    get { stored }
    set {
      precondition(newValue.shape == stored.shape, "a parameter keeps its shape")
      stored = newValue.detached
      version &+= 1
    }
  }
  /// Without an observer, which would hold a second reference while the value changes in place.
  private var stored: Tensor
  /// The sum of the gradients since the last ``zeroGradient()``; nil when none has arrived.
  /// - Precondition: it has the shape of ``value``; optimizers walk over both side by side.
  public var gradient: Tensor? {
    // Without `oldValue`, so that gradients still add up in place.
    didSet {
      precondition(
        gradient.map { $0.shape == stored.shape } ?? true,
        "a gradient of \(gradient?.shape ?? []) for a parameter of \(stored.shape)")
    }
  }
  /// A frozen parameter takes part in the computation but receives no gradient.
  public var isTrainable = true
  /// Grows with every change of ``value``, so that packed copies know when they are out of date.
  public private(set) var version = 0
  /// Called when a backward pass has finished this parameter's gradient.
  public var onGradient: ((Parameter) -> Void)?

  private lazy var leaf = GradientNode(leaf: self)

  /// A parameter that starts with `value`.
  public init(_ value: Tensor) { stored = value.detached }

  /// The value as an input of operators: gradients flow back to ``gradient``.
  public var tensor: Tensor {
    guard isTrainable, Autograd.isRecording else { return value }
    var result = value
    result.node = leaf
    return result
  }

  /// Forgets the gradient.
  public func zeroGradient() { gradient = nil }

  /// Changes the value in place, which spares a copy when nobody else holds it.
  func updateInPlace(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    body(stored.unsharedPointer())
    version &+= 1
  }

  func accumulate(_ contribution: Tensor) {
    Backpropagation.add(contribution, to: &gradient)
    onGradient?(self)
  }
}
