import Foundation
import CFundusKernels

/// Adam (Kingma & Ba, ICLR 2015) and its relatives, in one pass over each parameter.
///
/// With bias-corrected moments `m`, `v` of the gradient `g`:
/// `p <- p (1 - lr decay) - lr m / (sqrt(v) + epsilon)`.
///
/// Weight decay is decoupled (AdamW, Loshchilov & Hutter, ICLR 2019) or, as in plain Adam, added to
/// the gradient. AMSGrad (Reddi et al., ICLR 2018) divides by the largest `v` so far.
public final class AdamW: Optimizer {
  /// The hyperparameters. The defaults are PyTorch's.
  public struct Configuration: Sendable, Codable, Equatable {
    /// Decay rate of the mean of gradients.
    public var beta1: Float = 0.9
    /// Decay rate of the mean of squared gradients.
    public var beta2: Float = 0.999
    /// The epsilon that is added to the denominator.
    public var epsilon: Float = 1e-8
    /// The weight decay.
    public var weightDecay: Float = 0.01
    /// Whether weight decay is decoupled (AdamW) instead of added to the gradient (Adam).
    public var isDecayDecoupled = true
    /// Whether the largest second moment is used (AMSGrad).
    public var usesMaximum = false
    /// The limit of elementwise gradient value clipping; nil for none.
    public var gradientLimit: Float?

    /// The defaults of PyTorch's AdamW.
    public init() {}

    /// Plain Adam with its defaults.
    public static var adam: Configuration {
      var configuration = Configuration()
      configuration.weightDecay = 0
      configuration.isDecayDecoupled = false
      return configuration
    }
  }

  private struct Moments {
    var step = 0
    var first: Tensor
    var second: Tensor
    var maximum: Tensor?
  }

  public let parameters: [(name: String, parameter: Parameter)]
  /// The hyperparameters.
  public let configuration: Configuration
  private var moments: [Moments?]

  /// Creates an optimizer of the given parameters.
  ///
  /// Allocates all persistent training memory, including the values of mapped checkpoints, before the first
  /// step's activations are allocated and freed: this avoids fragmentation.
  public init(
    _ parameters: [(name: String, parameter: Parameter)], configuration: Configuration = .init()
  ) {
    self.parameters = parameters.distinct()
    self.configuration = configuration
    moments = Array(repeating: nil, count: self.parameters.count)
    for (index, (_, parameter)) in self.parameters.enumerated() where parameter.isTrainable {
      parameter.updateInPlace { _ in }
      moments[index] = fresh(like: parameter.value)
    }
  }

  public func step(learningRate: Float, gradientScale: Float = 1) {
    for (index, (_, parameter)) in parameters.enumerated() {
      guard parameter.isTrainable, let gradient = parameter.gradient else { continue }
      var state = moments[index] ?? fresh(like: parameter.value)
      // The only reference, unless somebody holds a snapshot: what it holds is left as it is.
      moments[index] = nil
      state.step += 1
      var settings = settings(learningRate: learningRate, gradientScale: gradientScale)
      settings.correction1 = 1 - Float(pow(Double(configuration.beta1), Double(state.step)))
      settings.correction2 = 1 - Float(pow(Double(configuration.beta2), Double(state.step)))
      let (first, second) = (state.first.unsharedPointer(), state.second.unsharedPointer())
      let maximum = state.maximum?.unsharedPointer()
      let source = gradient.pointer
      parameter.updateInPlace { target in
        ThreadPool.forEachRangeUnchecked(gradient.count, grain: 1 << 14) { range in
          let start = range.lowerBound
          withUnsafePointer(to: settings) { settings in
            fk_adam(
              target + start, source + start, first + start, second + start,
              maximum.map { $0 + start }, range.count, settings)
          }
        }
      }
      moments[index] = state
    }
  }

  private func fresh(like value: Tensor) -> Moments {
    Moments(
      first: Tensor(zeros: value.shape), second: Tensor(zeros: value.shape),
      maximum: configuration.usesMaximum ? Tensor(zeros: value.shape) : nil)
  }

  private func settings(learningRate: Float, gradientScale: Float) -> fk_adam_settings {
    let decay = configuration.weightDecay
    return fk_adam_settings(
      learning_rate: learningRate, beta1: configuration.beta1, beta2: configuration.beta2,
      epsilon: configuration.epsilon, decay: configuration.isDecayDecoupled ? decay : 0,
      coupled_decay: configuration.isDecayDecoupled ? 0 : decay, gradient_scale: gradientScale,
      gradient_limit: configuration.gradientLimit ?? .infinity, correction1: 1, correction2: 1)
  }

  // A parameter that has never been moved has a number of steps alone, which is 0.
  public var state: [(name: String, tensor: Tensor)] {
    zip(parameters, moments).flatMap { entry, moments -> [(name: String, tensor: Tensor)] in
      let step = ("step." + entry.name, Tensor(Float(moments?.step ?? 0)))
      guard let moments, moments.step > 0 else { return [step] }
      return [
        step, ("exp_avg." + entry.name, moments.first),
        ("exp_avg_sq." + entry.name, moments.second),
      ] + (moments.maximum.map { [("max_exp_avg_sq." + entry.name, $0)] } ?? [])
    }
  }

  public func restore(_ state: [String: Tensor]) throws {
    var reader = OptimizerStateReader(state)
    let restored = parameters.map { name, parameter -> Moments? in
      let shape = parameter.value.shape
      guard let step = reader.steps("step." + name) else { return nil }
      if step == 0 { return parameter.isTrainable ? fresh(like: parameter.value) : nil }
      let first = reader.tensor("exp_avg." + name, shape: shape)
      let second = reader.tensor("exp_avg_sq." + name, shape: shape)
      let maximum =
        configuration.usesMaximum ? reader.tensor("max_exp_avg_sq." + name, shape: shape) : nil
      guard let first, let second else { return nil }
      return Moments(step: step, first: first, second: second, maximum: maximum)
    }
    try reader.finish()
    moments = restored
  }
}
