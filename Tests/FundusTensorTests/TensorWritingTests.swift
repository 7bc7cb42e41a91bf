import FundusTensor
import Testing

@Suite struct TensorWritingTests {
  @Test func literalsAndInitializersMakeTensors() {
    let x: Tensor = [[1, 2], [3, 4.5]]
    #expect(x.shape == [2, 2] && x.scalars == [1, 2, 3, 4.5])
    #expect(Tensor([[1, 2, 3]]).shape == [1, 3])
    let rows: [[Float]] = [[1, 2], [3, 4], [5, 6]]
    #expect(Tensor(rows).shape == [3, 2])
    #expect(Tensor(0..<3).scalars == [0, 1, 2])
    #expect(Tensor(identity: 2).scalars == [1, 0, 0, 1])
    // Once too complex for the compiler.
    let made = Tensor((0..<1 * 8 * 8 * 3).map { Float($0 % 97) / 97 }, shape: [1, 8, 8, 3])
    #expect(made[0, 0, 1, 0] == Float(3) / 97)
    let uniform = Tensor(uniform: [1000], in: 2..<4, from: RandomStream(seed: 1))
    #expect(uniform.scalars.allSatisfy { $0 >= 2 && $0 < 4 })
    #expect(abs(uniform.mean().item - 3) < 0.1)
  }

  @Test func elementsAndPartsAreReadAndAssigned() {
    var x = Tensor((0..<24).map { Float($0) }, shape: [2, 3, 4])
    let before = x
    #expect(x[1, 2, 3] == 23 && x[-1, -1, -1] == 23)
    #expect(x[1, 0..<2, 1...].shape == [2, 3])
    #expect(x[1, 0..<2, 1...].scalars == [13, 14, 15, 17, 18, 19])
    #expect(x[..., 0].scalars == [0, 4, 8, 12, 16, 20])
    #expect(x[0...0, ..<2, stride(from: 1, to: 4, by: 2)].scalars == [1, 3, 5, 7])
    #expect(x[0, 1...].scalars == x[row: 0].sliced(1..<3).scalars)
    x[0, 0, 0] = 100
    #expect(x[0, 0, 0] == 100 && before[0, 0, 0] == 0, "a tensor is a value")
    x[1, 0..<2] = [1, 2, 3, 4]
    #expect(x[1, 1...1].scalars == [1, 2, 3, 4])
    x[..., 0] = Tensor(7)
    #expect(x[1, 2, 0] == 7 && x[1, 2, 1] == 21)
  }

  @Test func partsDifferentiate() {
    let x = randomTensor([3, 4, 5], seed: 2)
    checkGradients([x]) { $0[0][1..., 2] }
    checkGradients([x]) { $0[0][..., 1..<3] }
    checkGradients([x]) {
      $0[0][stride(from: 0, to: 3, by: 2), 1..., stride(from: 1, to: 5, by: 2)]
    }
  }

  @Test func numbersStandOnEitherSide() {
    var x: Tensor = [1, 2, 4]
    #expect((1 - x).scalars == [0, -1, -3])
    #expect((2 / x).scalars == [2, 1, 0.5])
    #expect((1 + x).scalars == [2, 3, 5])
    x += 1
    x *= [1, 2, 3]
    x -= Tensor(1)
    x /= 2
    #expect(x.scalars == [0.5, 2.5, 7])
    checkGradients([randomTensor([4], seed: 1) + 3]) { (1 - $0[0]) * (2 / $0[0]) }
  }

  @Test func masksChoose() {
    let x: Tensor = [-1, 0, 2, .nan]
    #expect((x .> 0).scalars == [0, 0, 1, 0])
    #expect((x .<= [0, 0, 0, 0]).scalars == [1, 1, 0, 0])
    #expect((x .!= x).scalars == [0, 0, 0, 1])
    let chosen = Tensor.where(x .== x, x, Tensor(9))
    #expect(chosen.scalars == [-1, 0, 2, 9])
    // Half of the gradient of equals goes to each.
    let (a, b) = (Parameter([1, 2, 3]), Parameter([3, 2, 1]))
    Tensor.maximum(a.tensor, b.tensor).sum().backward()
    #expect(a.gradient!.scalars == [0, 0.5, 1] && b.gradient!.scalars == [1, 0.5, 0])
    let (p, q) = (randomTensor([2, 3], seed: 1), randomTensor([3], seed: 2))
    checkGradients([p, q]) { Tensor.where(p .> 0, $0[0], $0[1]) }
    checkGradients([p, q]) { Tensor.minimum($0[0], $0[1]) }
    // The gradient of what was not chosen stays away, even where it is not a number.
    let root = Parameter([-1, 4])
    Tensor.where(root.value .> 0, root.tensor.squareRoot(), Tensor(0)).sum().backward()
    #expect(root.gradient!.scalars[1] == 0.25)
  }

  @Test func sortingAndGatheringKeepPositions() {
    let x: Tensor = [[3, 1, 2, 1], [0, .nan, 5, -1]]
    #expect(x.argsorted() == [1, 3, 2, 0, 3, 0, 2, 1])
    #expect(x.topK(2).indices == [0, 2, 1, 2])
    #expect(x.argmax(axis: 0) == [0, 1, 1, 0] && x.argmin() == [1, 3])
    #expect(x.maximum(axis: 1, keepingAxis: true).shape == [2, 1])
    #expect(x.gathered([3, 0], axis: 1).scalars[..<2] == [1, 3])
    #expect(x.gathered([0, 1], alongAxis: 1).scalars[0] == 3)
    checkGradients([randomTensor([2, 3, 2], seed: 5)]) {
      $0[0].gathered([0, 2, 1, 1, 0, 0, 2, 2], alongAxis: 1)
    }
    #expect(x.flipped(axis: 1).scalars[..<4] == [1, 2, 1, 3])
  }

  @Test func shapesChangeAndComeBack() {
    let x = randomTensor([2, 1, 6, 1], seed: 3)
    #expect(x.squeezed().shape == [2, 6] && x.squeezed(axis: 1).shape == [2, 6, 1])
    #expect(x.unsqueezed(axis: -1).shape == [2, 1, 6, 1, 1])
    #expect(x.flattened().shape == [2, 6] && x.flattened(from: 0, to: 1).shape == [2, 6, 1])
    let parts = x.chunked(3, axis: 2)
    #expect(parts.count == 3 && Tensor.concatenated(parts, axis: 2).scalars == x.scalars)
    #expect(x.split([1, 5], axis: 2)[1].shape == [2, 1, 5, 1])
    #expect(Tensor.stacked([x, x], axis: -1).shape == [2, 1, 6, 1, 2])
    #expect(x.sum(axes: [0, 2]).shape == [1, 1])
    #expect(x.mean(axes: [0, -2], keepingAxes: true).shape == [1, 1, 1, 1])
  }

  @Test func diceMeasuresOverlap() {
    let target = Tensor([1, 1, 0, 0], shape: [1, 2, 2, 1])
    let half = Tensor([1, 0, 1, 0], shape: [1, 2, 2, 1])
    let loss = Tensor.diceLoss(probabilities: half, targets: target, smoothing: 0)
    #expect(abs(loss.item - 0.5) < 1e-6)
    #expect(Tensor.diceLoss(probabilities: target, targets: target).item == 0)
    let zeros = Tensor(zeros: [1, 2, 2, 1])
    #expect(Tensor.diceLoss(probabilities: zeros, targets: zeros).item == 0)
    checkGradients([randomTensor([2, 3, 3, 2], seed: 4).sigmoid()]) {
      .diceLoss(probabilities: $0[0], targets: Tensor(ones: [2, 3, 3, 2]))
    }
  }
}
