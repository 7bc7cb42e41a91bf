import Foundation
import FundusTensor
import Testing

/// A call that must end the process before it touches memory that is not its own.
struct Misuse: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let call: @Sendable () -> Void

  init(_ description: String, _ call: @escaping @Sendable () -> Void) {
    testDescription = description
    self.call = call
  }
}

private func zeros(_ shape: Int...) -> Tensor { Tensor(zeros: shape) }
private func byteConvolution(
  _ weight: [Int] = [3, 3, 4, 8], bias: [Int] = [8], stride: Int = 1
) -> QuantizedConvolution {
  QuantizedConvolution(
    weight: Tensor(repeating: 1, shape: weight), bias: Tensor(zeros: bias), stride: stride,
    inputStep: 1, unit: 1)
}
private func byteImages(_ shape: Int..., step: Float = 1) -> QuantizedImages {
  QuantizedImages(Tensor(zeros: shape), step: step)
}

@Suite struct ShapeCheckTests {
  static let misuses: [Misuse] = [
    // Tensors
    Misuse("too many elements") { _ = Tensor(zeros: [Int.max / 2, 1]) },
    Misuse("a negative size") { _ = Tensor(zeros: [2, -1]) },
    Misuse("elements that do not fill") { _ = Tensor([1, 2], shape: [3]) },
    Misuse("an element outside") { _ = zeros(2, 3)[1, 3] },
    Misuse("two open sizes") { _ = zeros(2, 3).reshaped([-1, -1]) },
    Misuse("no row -1") { _ = zeros(2, 3)[row: -1] },
    Misuse("a slice outside") { _ = zeros(2, 3).sliced(axis: 1, 2..<4) },
    Misuse("a gathered row outside") { _ = zeros(2, 3).gathered([0, 2]) },
    Misuse("concatenation of other ranks") { _ = Tensor.concatenated([zeros(2, 3), zeros(3)]) },
    Misuse("concatenation of other widths") {
      _ = Tensor.concatenated([zeros(2, 3), zeros(2, 4)])
    },
    Misuse("no shape to broadcast to") { _ = zeros(2, 3).broadcast(to: [3, 2]) },
    Misuse("the maximum of a scalar") { _ = Tensor(1).maximum() },
    Misuse("the maximum of nothing") { _ = zeros(3, 0).maximum() },
    Misuse("a crop outside") { _ = zeros(4, 4, 1).croppedWindow(rows: 0..<5, columns: 0..<1) },
    Misuse("a negative margin") { _ = zeros(4, 4, 1).padded(top: -1) },
    Misuse("a size of 0") { _ = zeros(4, 4, 1).resized(height: 0, width: 2, antialias: true) },
    Misuse("samples of an image without pixels") {
      _ = zeros(1, 0, 4, 2).gridSampled(at: zeros(1, 2, 2, 2), border: .edge)
    },
    Misuse("a grid for other images") { _ = zeros(2, 4, 4, 1).gridSampled(at: zeros(1, 2, 2, 2)) },
    // Products
    Misuse("a product of other sizes") { _ = matmul(zeros(2, 3), zeros(4, 2)) },
    Misuse("a linear layer of other inputs") { _ = linear(zeros(2, 3), weight: zeros(4, 2)) },
    Misuse("a bias of another size") {
      _ = linear(zeros(2, 3), weight: zeros(4, 3), bias: zeros(3))
    },
    Misuse("a residual of another size") {
      _ = PackedMatrix(outputsByInputs: zeros(4, 3)).apply(zeros(2, 3), residual: zeros(1, 4))
    },
    // Convolutions
    Misuse("other channels") { _ = conv2d(zeros(1, 4, 4, 3), weight: zeros(3, 3, 2, 4)) },
    Misuse("a kernel that does not fit") {
      _ = conv2d(zeros(1, 2, 2, 3), weight: zeros(3, 3, 3, 4))
    },
    Misuse("a stride of 0") { _ = conv2d(zeros(1, 4, 4, 3), weight: zeros(3, 3, 3, 4), stride: 0) },
    Misuse("a bias of other outputs") {
      _ = conv2d(zeros(1, 4, 4, 3), weight: zeros(3, 3, 3, 4), bias: zeros(3))
    },
    Misuse("a target that is too small") {
      var target = zeros(1, 4, 4, 4)
      PackedConvolution(zeros(3, 3, 3, 4), padding: 1).apply(
        zeros(2, 4, 4, 3), bias: nil, residual: nil, activation: .none, into: &target, first: 0)
    },
    Misuse("windows of 16") { _ = maxPool2d(zeros(1, 32, 32, 1), kernel: 16) },
    Misuse("a window that does not fit") { _ = maxPool2d(zeros(1, 2, 2, 1), kernel: 3) },
    Misuse("the mean of no pixels") { _ = globalAveragePool(zeros(1, 0, 2, 3)) },
    // Bytes
    Misuse("a byte convolution's short bias") { _ = byteConvolution(bias: [4]) },
    Misuse("a byte convolution without outputs") { _ = byteConvolution([3, 3, 4, 0], bias: [0]) },
    Misuse("a byte convolution of stride 0") { _ = byteConvolution(stride: 0) },
    Misuse("a byte kernel that does not fit") {
      _ = byteConvolution(stride: 2).floats(byteImages(1, 2, 2, 4))
    },
    Misuse("bytes of other channels") { _ = byteConvolution().floats(byteImages(1, 4, 4, 8)) },
    Misuse("bytes of another step") {
      _ = byteConvolution().floats(byteImages(1, 4, 4, 4, step: 2))
    },
    Misuse("a byte residual of another size") {
      _ = byteConvolution().floats(byteImages(1, 4, 4, 4), residual: .bytes(byteImages(1, 4, 4, 8)))
    },
    Misuse("a negative margin of bytes") { _ = byteImages(1, 4, 4, 4).withMargin(-1) },
    Misuse("a step of 0") { _ = byteImages(1, 4, 4, 4, step: 0) },
    // Normalization, attention, losses
    Misuse("a batch norm of other channels") {
      _ = batchNorm(
        zeros(2, 3), weight: zeros(3), bias: zeros(2), runningMean: Buffer(zeros(3)),
        runningVariance: Buffer(zeros(3)), statistics: .running)
    },
    Misuse("a layer norm of other columns") {
      _ = zeros(2, 3).layerNorm(gamma: zeros(3), beta: zeros(2))
    },
    Misuse("a residual norm of other columns") {
      _ = zeros(2, 3).residualLayerNorm(zeros(2, 3), gamma: zeros(1, 3), beta: zeros(2), epsilon: 1)
    },
    Misuse("dropout without a stream") {
      _ = zeros(2, 3).residualLayerNorm(
        zeros(2, 3), gamma: zeros(3), beta: zeros(3), epsilon: 1, dropout: 0.5)
    },
    Misuse("a dropout rate of 1") { _ = zeros(3).dropout(1, RandomStream(seed: 1)) },
    Misuse("attention to other widths") {
      _ = multiHeadAttention(
        query: zeros(1, 2, 4), key: zeros(1, 2, 8), value: zeros(1, 2, 8), heads: 2)
    },
    Misuse("attention beyond the rows") {
      _ = selfAttention(zeros(4, 12), heads: 2, layout: AttentionLayout(lengths: [5], rows: [5]))
    },
    Misuse("a longer sequence than there is") {
      _ = multiHeadAttention(
        query: zeros(1, 2, 4), key: zeros(1, 2, 4), value: zeros(1, 2, 4), heads: 2,
        mask: .lengths([3]))
    },
    Misuse("an id outside of the table") {
      _ = Tensor.embedding(zeros(3, 2), ids: [0, 3], shape: [2])
    },
    Misuse("a negative id") { _ = Tensor.embedding(zeros(3, 2), ids: [-1], shape: [1]) },
    Misuse("a class outside") { _ = Tensor.crossEntropy(logits: zeros(1, 3), classes: [3]) },
    Misuse("fewer classes than rows") {
      _ = Tensor.crossEntropy(logits: zeros(2, 3), classes: [0])
    },
    Misuse("the cross-entropy of a vector") {
      _ = Tensor.crossEntropy(logits: zeros(3), classes: [0])
    },
    Misuse("targets of another shape") {
      _ = Tensor.softCrossEntropy(logits: zeros(2, 3), targets: zeros(3, 2))
    },
    // Images
    Misuse("an image fit that was changed") {
      var fit = ImageFit(height: 2, width: 2, paddedHeight: 2, paddedWidth: 2, antialias: true)
      fit.height = 40
      _ = Tensor(shape: [2, 2, 3]) { (span: inout MutableSpan<Float>) in
        fit.resize([UInt8](repeating: 1, count: 12), height: 2, width: 2, channels: 3, into: &span)
      }
    },
    Misuse("an image of another size") {
      _ = Tensor(shape: [2, 2, 3]) { (span: inout MutableSpan<Float>) in
        ImageKernels.flip(&span, height: 3, width: 2)
      }
    },
    // Optimization and linear algebra
    Misuse("a gradient of another size") { Parameter(zeros(1)).gradient = zeros(17) },
    Misuse("a gradient of another shape") { Parameter(zeros(4)).gradient = zeros(2, 2) },
    Misuse("a value of another shape") { Parameter(zeros(4)).value = zeros(5) },
    Misuse("two parameters of one name") {
      _ = AdamW([("p", Parameter(zeros(1))), ("p", Parameter(zeros(1)))])
    },
    Misuse("a negative memory") {
      _ = LBFGS(memory: -1).minimize(from: [1]) { ($0[0] * $0[0], [2 * $0[0]]) }
    },
    Misuse("a gradient of fewer variables") {
      _ = LBFGS().minimize(from: [1, 2]) { _ in (1, [1]) }
    },
    Misuse("a diagonal of fewer variables") {
      _ = LBFGS().minimize(from: [1, 2], diagonal: [1]) { _ in (1, [1, 1]) }
    },
    Misuse("an interval of 0") {
      _ = LearningRateSchedule.steps(interval: 0, factor: 1).factor(at: 1)
    },
    Misuse("a matrix without elements") { _ = SampleTrainedMatrix([], rows: 0, columns: 4) },
    Misuse("a step of another size") {
      SampleTrainedMatrix([1, 2], rows: 1, columns: 2).step(
        delta: [1], input: [1], learningRate: 1)
    },
    Misuse("weights of other features") {
      _ = DesignMatrix(zeros(2, 3)).evaluate(weights: [1], intercepts: [0]) { _, _ in 0 }
    },
    Misuse("a query of another width") {
      _ = try! InnerProductSearch(zeros(2, 3)).search([1], count: 1)
    },
    Misuse("a query that is not finite") {
      _ = try! InnerProductSearch(zeros(2, 3)).search([1, .nan, 2], count: 1)
    },
    Misuse("a right side of other rows") {
      _ = try! LinearAlgebra.choleskySolve(zeros(2, 2), zeros(3, 1))
    },
  ]

  /// It traps, which is not the same as a crash: nothing has been read or written out of bounds.
  @Test(arguments: misuses.indices) func endsBeforeItDoesHarm(index: Int) async {
    let result = await #expect(processExitsWith: .failure) { [index] in
      ShapeCheckTests.misuses[index].call()
    }
    let name = Self.misuses[index].testDescription
    #expect(
      result.map { [.signal(SIGILL), .signal(SIGTRAP)].contains($0.exitStatus) } == true,
      "\(name): \(String(describing: result?.exitStatus))")
  }
}
