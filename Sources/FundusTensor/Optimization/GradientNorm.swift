/// The global gradient norm, and the factor that clips it to a limit.
public struct GradientNorm: Sendable {
  /// The Euclidean norm over all elements of all gradients, before clipping.
  public let value: Float
  /// The factor of the gradients: `limit / (norm + 1e-6)` if that is below one, as in PyTorch.
  public let scale: Float

  /// Computes the gradient norm of `parameters`, each once, however many names it has.
  /// - `limit`: the maximum norm; nil for no clipping.
  public init(of parameters: [(name: String, parameter: Parameter)], limit: Float?) {
    var sum = 0.0
    for (_, parameter) in parameters.distinct() {
      guard let gradient = parameter.gradient else { continue }
      let norm = Double(gradient.euclideanNorm)
      sum += norm * norm
    }
    value = Float(sum.squareRoot())
    scale = if let limit { min(1, limit / (value + 1e-6)) } else { 1 }
  }
}
