import FundusTensor
import Testing

/// Tensors without elements: sums over nothing are zeros, whatever memory held before.
@Suite struct EmptyTensorTests {
  /// Leaves NaN in the blocks that the allocator hands out next.
  private func soil() {
    for count in [1, 6, 16, 64, 256, 1024, 4096, 9216] {
      withExtendedLifetime((0..<8).map { _ in Tensor(repeating: .nan, shape: [count]) }) {}
    }
  }

  private func isZero(_ tensor: Tensor?) -> Bool {
    tensor.map { $0.scalars.allSatisfy { $0 == 0 } } ?? false
  }

  @Test func productsOfNothingAreZeros() {
    soil()
    #expect(isZero(matmul(Tensor(zeros: [3, 0]), Tensor(zeros: [0, 2]))))
    soil()
    #expect(isZero(matmul(Tensor(zeros: [0, 3]), Tensor(zeros: [0, 2]), transposeA: true)))
    soil()
    #expect(isZero(matmul(Tensor(zeros: [4, 3, 0]), Tensor(zeros: [4, 0, 2]))))
    soil()
    #expect(isZero(linear(Tensor(zeros: [3, 0]), weight: Tensor(zeros: [2, 0]))))
    soil()
    #expect(isZero(linear(Tensor(zeros: [3, 0]), weight: Tensor(zeros: [40, 0]))))
    let bias = Tensor([1, 2], shape: [2])
    #expect(
      linear(Tensor(zeros: [3, 0]), weight: Tensor(zeros: [2, 0]), bias: bias).scalars
        == [1, 2, 1, 2, 1, 2])
    #expect(matmul(Tensor(zeros: [0, 3]), Tensor(zeros: [3, 2])).shape == [0, 2])
  }

  /// Inputs, rows, outputs.
  @Test(arguments: [(0, 3, 2), (4, 0, 2), (4, 3, 0), (0, 0, 0)])
  func linearLayersOfNothingDifferentiate(inputs: Int, rows: Int, outputs: Int) {
    let x = Parameter(Tensor(repeating: 1, shape: [rows, inputs]))
    let weight = Parameter(Tensor(repeating: 1, shape: [outputs, inputs]))
    let bias = Parameter(Tensor(repeating: 1, shape: [outputs]))
    let y = linear(x.tensor, weight: weight.tensor, bias: bias.tensor)
    #expect(y.shape == [rows, outputs])
    soil()
    y.backward(gradient: Tensor(repeating: 1, shape: y.shape))
    #expect(x.gradient?.scalars.allSatisfy { $0 == Float(outputs) } == true)
    #expect(weight.gradient?.scalars.allSatisfy { $0 == Float(rows) } == true)
    #expect(bias.gradient?.scalars.allSatisfy { $0 == Float(rows) } == true)
    let (a, b) = (Parameter(x.value), Parameter(weight.value))
    let product = matmul(a.tensor, b.tensor, transposeB: true)
    product.backward(gradient: Tensor(repeating: 1, shape: product.shape))
    #expect(a.gradient?.scalars == x.gradient?.scalars)
    #expect(b.gradient?.scalars == weight.gradient?.scalars)
  }

  /// Images, channels, outputs, side of the kernel, stride.
  @Test(arguments: [
    (0, 16, 16, 3, 1), (0, 16, 16, 1, 1), (0, 3, 5, 3, 2), (0, 3, 5, 1, 2), (1, 0, 4, 3, 1),
    (1, 0, 4, 1, 1), (1, 4, 0, 3, 1), (1, 4, 0, 1, 1), (1, 4, 0, 3, 2),
  ])
  func convolutionsOfNothing(items: Int, channels: Int, outputs: Int, side: Int, stride: Int) {
    let x = Parameter(Tensor(repeating: 1, shape: [items, 8, 8, channels]))
    let weight = Parameter(Tensor(repeating: 1, shape: [side, side, channels, outputs]))
    let bias = Parameter(pattern([outputs], 3))
    soil()
    let y = conv2d(
      x.tensor, weight: weight.tensor, bias: bias.tensor, stride: stride, padding: side / 2)
    if channels == 0 {
      let expected = (0..<y.count).map { bias.value.scalars[$0 % outputs] }
      #expect(y.scalars == expected)
    }
    soil()
    y.backward(gradient: Tensor(repeating: 1, shape: y.shape))
    #expect(isZero(x.gradient) && isZero(weight.gradient))
    #expect(bias.gradient?.scalars.allSatisfy { $0 == Float(y.count / max(1, outputs)) } == true)
    soil()
    let packed = PackedConvolution(weight.value, stride: stride, padding: side / 2)
    #expect(packed.apply(x.value, bias: bias.value).scalars == y.scalars)
  }

  @Test func everythingElseKeepsItsShape() {
    #expect(Tensor(zeros: [3, 0]).softmax().shape == [3, 0])
    #expect(Tensor(zeros: [3, 0]).logSoftmax(axis: 0).shape == [3, 0])
    #expect(isZero(Tensor(zeros: [0, 3]).sum(axis: 0)) && Tensor(zeros: [0]).sum().item == 0)
    #expect(Tensor(zeros: [0]).mean().item.isNaN)
    #expect(Tensor(zeros: [0, 4, 4, 2]).resized(height: 2, width: 2, antialias: true).count == 0)
    #expect(maxPool2d(Tensor(zeros: [0, 4, 4, 2]), kernel: 2).shape == [0, 2, 2, 2])
    #expect(globalAveragePool(Tensor(zeros: [0, 4, 4, 2])).shape == [0, 2])
    #expect(Tensor(zeros: [3, 2]).gathered([]).shape == [0, 2])
    #expect(Tensor.embedding(Tensor(zeros: [3, 2]), ids: [], shape: [0]).shape == [0, 2])
    #expect(
      Tensor(zeros: [2, 0]).layerNorm(gamma: Tensor(zeros: [0]), beta: Tensor(zeros: [0])).count
        == 0)
    #expect(Tensor(zeros: [0, 3]).l2Normalized().count == 0)
    let nothing = Tensor(zeros: [2, 0, 4])
    soil()
    #expect(
      isZero(
        multiHeadAttention(
          query: Tensor(repeating: 1, shape: [2, 3, 4]), key: nothing, value: nothing, heads: 2)))
    let empty = DesignMatrix(Tensor(zeros: [0, 3]))
      .evaluate(weights: [1, 1, 1], intercepts: [0]) { _, _ in 1 }
    #expect(empty.loss == 0 && empty.weightGradient == [0, 0, 0])
    #expect(throws: LinearAlgebraError.notFinite) {
      try LinearAlgebra.choleskySolve(
        Tensor([1], shape: [1, 1]), Tensor([.nan], shape: [1, 1]))
    }
  }
}
