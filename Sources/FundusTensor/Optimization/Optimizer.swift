/// An optimizer of parameters.
///
/// A parameter without a gradient is not changed, not even by weight decay, as in PyTorch.
public protocol Optimizer: AnyObject {
  /// The parameters that this optimizer changes, by name; each once, however many names it has.
  var parameters: [(name: String, parameter: Parameter)] { get }

  /// Performs one step.
  /// - Parameters:
  ///   - learningRate: the rate of this step, as a ``LearningRateSchedule`` gives it.
  ///   - gradientScale: the factor of every gradient (see ``GradientNorm``).
  func step(learningRate: Float, gradientScale: Float)

  /// The state that a resumed run needs for bit-identical results, by name: a snapshot, which
  /// later steps do not change.
  var state: [(name: String, tensor: Tensor)] { get }

  /// Restores a ``state``, completely or not at all.
  /// - Throws: ``OptimizerStateError`` that names what is missing, unexpected, of another shape or
  ///   not finite. In that case the current state is kept.
  func restore(_ state: [String: Tensor]) throws
}

extension Optimizer {
  /// Clears all gradients.
  public func zeroGradients() {
    for (_, parameter) in parameters { parameter.zeroGradient() }
  }
}

extension Sequence where Element == (name: String, parameter: Parameter) {
  /// Each parameter once, under the first of its names: tied weights have several.
  package func distinct() -> [(name: String, parameter: Parameter)] {
    var seen: Set<ObjectIdentifier> = []
    let result = filter { seen.insert(ObjectIdentifier($0.parameter)).inserted }
    precondition(
      Set(result.map(\.name)).count == result.count,
      "parameters share a name: \(result.map(\.name))")
    return result
  }
}
