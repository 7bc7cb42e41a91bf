import FundusTensor

/// Two convolutions with batch norm, pooling and a linear layer.
final class Network: Module {
  private let first: Convolution2d
  private let firstNorm: BatchNorm2d
  private let second: Convolution2d
  private let secondNorm: BatchNorm2d
  private let weight: Parameter
  private let bias: Parameter

  init(initialization: Initialization) {
    first = Convolution2d(
      inputs: 1, outputs: 8, kernel: 3, stride: 2, padding: 1,
      initialization: initialization.derived("first"))
    firstNorm = BatchNorm2d(channels: 8, initialization: initialization)
    second = Convolution2d(
      inputs: 8, outputs: 16, kernel: 3, stride: 1, padding: 1,
      initialization: initialization.derived("second"))
    secondNorm = BatchNorm2d(channels: 16, initialization: initialization)
    weight = Parameter(initialization.derived("classifier").linear([10, 1600], inputs: 1600))
    bias = Parameter(Tensor(zeros: [10]))
  }

  /// The names that parameters have in a saved file.
  func visit(_ state: inout StateVisitor) {
    state.child("first", first)
    state.child("first_norm", firstNorm)
    state.child("second", second)
    state.child("second_norm", secondNorm)
    state.parameter("classifier.weight", weight)
    state.parameter("classifier.bias", bias)
  }

  /// Logits `[N, 10]` of pictures `[N, 20, 20, 1]`.
  func callAsFunction(_ pictures: Tensor, mode: ExecutionMode) -> Tensor {
    let statistics: BatchStatistics = mode.isTraining ? .batch(updates: true) : .running
    var x = firstNorm(first(pictures), statistics: statistics).relu()
    x = secondNorm(second(x), statistics: statistics).relu()
    return linear(x.reshaped([-1, 1600]), weight: weight.tensor, bias: bias.tensor)
  }
}
