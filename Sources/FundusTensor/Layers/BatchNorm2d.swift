/// Batch normalization. State: `weight`, `bias`, `running_mean`, `running_var`.
public final class BatchNorm2d: Module, Sendable {
  /// `[C]`, starts as ones.
  public let weight: Parameter
  /// `[C]`, starts as zeros.
  public let bias: Parameter
  /// `[C]`
  public let runningMean: Buffer
  /// `[C]`
  public let runningVariance: Buffer
  /// The epsilon that is added to the variance.
  public let epsilon: Float = 1e-5

  /// A batch norm of a number of channels.
  public init(channels: Int, initialization: Initialization = .next) {
    weight = Parameter(initialization.constant([channels], 1))
    bias = Parameter(initialization.constant([channels], 0))
    runningMean = Buffer(initialization.constant([channels], 0))
    runningVariance = Buffer(initialization.constant([channels], 1))
  }

  /// Registers the state with torchvision's names.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight)
    state.parameter("bias", bias)
    state.buffer("running_mean", runningMean)
    state.buffer("running_var", runningVariance)
  }

  /// See ``batchNorm(_:weight:bias:runningMean:runningVariance:statistics:residual:relu:momentum:epsilon:)``.
  ///
  /// With both parameters frozen, the running statistics are used and not updated, in any mode: they are as
  /// much a part of the layer as its scale.
  public func callAsFunction(
    _ x: Tensor, statistics: BatchStatistics, residual: Tensor? = nil, relu: Bool = false
  ) -> Tensor {
    normalized(
      x, weight: weight.tensor, bias: bias.tensor, statistics: statistics, residual: residual,
      relu: relu)
  }

  /// The same; in inference without gradients for the parameters.
  package func callAsFunction(
    _ x: Tensor, statistics: BatchStatistics, residual: Tensor? = nil, relu: Bool = false,
    mode: ExecutionMode
  ) -> Tensor {
    normalized(
      x, weight: weight.tensor(in: mode), bias: bias.tensor(in: mode), statistics: statistics,
      residual: residual, relu: relu)
  }

  private func normalized(
    _ x: Tensor, weight scale: Tensor, bias shift: Tensor, statistics: BatchStatistics,
    residual: Tensor?, relu: Bool
  ) -> Tensor {
    let isFrozen = !weight.isTrainable && !bias.isTrainable
    let statistics = isFrozen ? .running : statistics
    return batchNorm(
      x, weight: scale, bias: shift, runningMean: runningMean, runningVariance: runningVariance,
      statistics: statistics, residual: residual, relu: relu, epsilon: epsilon)
  }
}
