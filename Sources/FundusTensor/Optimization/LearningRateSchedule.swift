import Foundation

/// The learning rate as a function of the step, so that a resumed run needs no state.
public enum LearningRateSchedule: Sendable, Codable, Equatable {
  /// The same rate always.
  case constant
  /// Rises linearly during `warmup` steps, then falls along half a cosine to zero at `total`:
  ///
  ///     rate(k) = (k + 1) / warmup                                            for k < warmup
  ///     rate(k) = (1 + cos(pi (k - warmup) / (total - warmup))) / 2           for k >= warmup
  ///
  /// Never below zero; stays at zero beyond `total`.
  case warmupCosine(warmup: Int, total: Int)
  /// Multiplied by `factor` every `interval` steps.
  case steps(interval: Int, factor: Double)

  /// The factor of the base rate at step `step`, counted from 0.
  /// - Precondition: an interval of ``steps(interval:factor:)`` is positive.
  public func factor(at step: Int) -> Double {
    switch self {
    case .constant:
      return 1
    case .warmupCosine(let warmup, let total):
      if step < warmup { return Double(step + 1) / Double(warmup) }
      if step >= total { return 0 }
      return 0.5 * (1 + cos(.pi * Double(step - warmup) / Double(total - warmup)))
    case .steps(let interval, let factor):
      precondition(interval > 0, "an interval of \(interval) steps")
      return pow(factor, Double(step / interval))
    }
  }

  /// The rate of a step in single precision.
  public func rate(_ base: Double, at step: Int) -> Float { Float(base * factor(at: step)) }
}
