import CFundusKernels
import Foundation

/// A matrix that AdamW trains one sample at a time: the weight of a bias-free linear layer, or the
/// keys of a cache.
///
/// With a batch of one, the gradient is the product of a column δ and a row x. Writing it to memory would
/// cost more than everything else, so a step takes δ and x separately. The update equals that of ``AdamW`` on
/// this gradient.
public final class SampleTrainedMatrix {
  /// The hyperparameters of AdamW.
  public struct Options: Sendable, Equatable {
    /// Decay of the mean gradient.
    public var beta1 = 0.9
    /// Decay of the mean squared gradient.
    public var beta2 = 0.999
    /// The epsilon that is added to the root of the mean squared gradient.
    public var epsilon = 1e-8
    /// The weight decay, which is multiplied by the learning rate.
    public var weightDecay = 0.01

    /// PyTorch's defaults.
    public init() {}
  }

  /// The number of rows (outputs).
  public let rows: Int
  /// The number of columns (inputs).
  public let columns: Int
  /// The matrix, row-major.
  public private(set) var weights: [Float]
  private var first: [Float]
  private var second: [Float]
  private var stepCount = 0
  private let options: Options
  /// Rows of one piece of work: about 64 KB.
  private var grain: Int { max(1, (1 << 14) / max(1, columns)) * 4 }

  /// A matrix that starts with `weights`, `[rows, columns]`.
  /// - Precondition: it has at least one element.
  public init(_ weights: [Float], rows: Int, columns: Int, options: Options = Options()) {
    precondition(
      rows > 0 && columns > 0 && weights.count == rows * columns,
      "\(weights.count) weights for [\(rows), \(columns)]")
    self.weights = weights
    self.rows = rows
    self.columns = columns
    self.options = options
    first = [Float](repeating: 0, count: weights.count)
    second = first
  }

  /// W x.
  public func apply(_ x: [Float]) -> [Float] {
    precondition(x.count == columns, "\(x.count) numbers for [\(rows), \(columns)]")
    return [Float](unsafeUninitializedCapacity: rows) { result, count in
      let result = result.baseAddress!
      weights.withUnsafeBufferPointer { weights in
        let weights = weights.baseAddress!
        ThreadPool.forEachRangeUnchecked(rows, grain: grain) { range in
          fk_matvec(
            weights + range.lowerBound * columns, range.count, columns, x,
            result + range.lowerBound)
        }
      }
      count = rows
    }
  }

  /// Wᵀ δ.
  public func applyTransposed(_ delta: [Float]) -> [Float] {
    precondition(delta.count == rows, "\(delta.count) numbers for [\(columns), \(rows)]")
    return [Float](unsafeUninitializedCapacity: columns) { result, count in
      fk_matvec_transposed(weights, rows, columns, delta, result.baseAddress!)
      count = columns
    }
  }

  /// One row of the matrix.
  public func row(_ index: Int) -> [Float] {
    precondition(index >= 0 && index < rows, "there is no row \(index) in [\(rows), \(columns)]")
    return Array(weights[index * columns..<(index + 1) * columns])
  }

  /// One step of AdamW with the gradient δ xᵀ.
  public func step(delta: [Float], input: [Float], learningRate: Double) {
    precondition(
      delta.count == rows && input.count == columns,
      "a gradient of \(delta.count) x \(input.count) for [\(rows), \(columns)]")
    stepCount += 1
    let step = fk_adamw_step(
      decay: Float(1 - learningRate * options.weightDecay), beta1: Float(options.beta1),
      beta2: Float(options.beta2),
      step: Float(learningRate / (1 - pow(options.beta1, Double(stepCount)))),
      root: Float((1 - pow(options.beta2, Double(stepCount))).squareRoot()),
      epsilon: Float(options.epsilon))
    weights.withUnsafeMutableBufferPointer { weights in
      first.withUnsafeMutableBufferPointer { first in
        second.withUnsafeMutableBufferPointer { second in
          let (w, m, v) = (weights.baseAddress!, first.baseAddress!, second.baseAddress!)
          ThreadPool.forEachRangeUnchecked(rows, grain: grain) { range in
            let offset = range.lowerBound * columns
            delta.withUnsafeBufferPointer { delta in
              fk_adamw_outer(
                w + offset, m + offset, v + offset, range.count, columns,
                delta.baseAddress! + range.lowerBound, input, step)
            }
          }
        }
      }
    }
  }
}
