/// A trainable tensor.
///
/// Models are reference types; a parameter is the unit that optimizers, checkpoints and
/// communicators share. It belongs to one training loop at a time; any number of threads may read it
/// concurrently and get the value before or after a step.
public final class Parameter: Sendable {
  private struct Weights {
    var value: Tensor
    var version = 0
  }

  private struct Settings {
    var isTrainable = true
    var onGradient: ((Parameter) -> Void)?
  }

  private let weights: Guarded<Weights>
  private let sum = Guarded<Tensor?>(nil)
  private let settings = Guarded(Settings())
  private let leaf = GradientNode(leaf: nil)

  /// The current value, without gradients.
  public var value: Tensor {
    get { weights.withLock { $0.value } }
    set {
      weights.withLock {
        precondition(newValue.shape == $0.value.shape, "a parameter keeps its shape")
        $0.value = newValue.detached
        $0.version &+= 1
      }
    }
  }
  /// The sum of the gradients since the last ``zeroGradient()``; nil when none has arrived.
  /// - Precondition: it has the shape of ``value``; optimizers walk over both side by side.
  public var gradient: Tensor? {
    get { sum.withLock { $0 } }
    set {
      check(newValue)
      sum.withLock { $0 = newValue }
    }
  }
  /// Whether the parameter is trained. A frozen parameter is used but receives no gradient.
  public var isTrainable: Bool {
    get { settings.withLock { $0.isTrainable } }
    set { settings.withLock { $0.isTrainable = newValue } }
  }
  /// Incremented with every change of ``value``, so that packed copies know when they are out of date.
  public var version: Int { weights.withLock { $0.version } }
  /// Called when a backward pass has finished this parameter's gradient.
  public var onGradient: ((Parameter) -> Void)? {
    get { settings.withLock { $0.onGradient } }
    set { settings.withLock { $0.onGradient = newValue } }
  }

  /// A parameter that starts with `value`.
  public init(_ value: Tensor) {
    weights = Guarded(Weights(value: value.detached))
    leaf.parameter = self
  }

  /// The value as an input of operators: gradients flow back to ``gradient``.
  public var tensor: Tensor {
    guard isTrainable, Autograd.isRecording else { return value }
    var result = value
    result.node = leaf
    return result
  }

  /// Clears the gradient.
  public func zeroGradient() { gradient = nil }

  /// Changes the value in place, which avoids a copy if it is not shared. `body` must not read ``value``.
  func updateInPlace(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    weights.withLock {
      body($0.value.unsharedPointer())
      $0.version &+= 1
    }
  }

  func accumulate(_ contribution: Tensor) {
    check(contribution)
    sum.withLock { Backpropagation.add(contribution, to: &$0) }
    onGradient?(self)
  }

  private func check(_ gradient: Tensor?) {
    guard let gradient else { return }
    let shape = value.shape
    precondition(
      gradient.shape == shape, "a gradient of \(gradient.shape) for a parameter of \(shape)")
  }
}
