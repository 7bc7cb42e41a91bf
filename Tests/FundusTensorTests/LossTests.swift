import Foundation
import FundusTensor
import Testing

@Suite struct LossTests {
  @Test func softCrossEntropyMatchesItsDefinition() {
    let logits = randomTensor([3, 4], seed: 1)
    let targets = Tensor([1, 0, 0, 0, 0.5, 0.5, 0, 0, 0.25, 0.25, 0.25, 0.25], shape: [3, 4])
    var expected = 0.0
    for row in 0..<3 {
      let total = (0..<4).reduce(0.0) { $0 + exp(Double(logits[row, $1])) }
      for column in 0..<4 {
        expected -= Double(targets[row, column]) * (Double(logits[row, column]) - log(total)) / 3
      }
    }
    let found = Tensor.softCrossEntropy(logits: logits, targets: targets).item
    #expect(abs(Double(found) - expected) < 1e-6)
    checkGradients([logits]) { Tensor.softCrossEntropy(logits: $0[0], targets: targets) }
    checkGradients([logits]) { Tensor.crossEntropy(logits: $0[0], classes: [1, 0, 3]) }
  }

  /// Logits of -infinity rule classes out: they change nothing about the other classes, forward and
  /// backward.
  @Test func classesThatAreRuledOutAddNothing() {
    let ruledOut = -Float.infinity
    for columns in [4, 40] {
      let finite = randomTensor([3, columns], seed: 3)
      var padded: [Float] = []
      var targets: [Float] = []
      for row in 0..<3 {
        padded += finite.scalars[row * columns..<(row + 1) * columns] + [ruledOut, ruledOut]
        targets += [0.25, 0.75] + [Float](repeating: 0, count: columns)
      }
      let (some, all) = (Parameter(finite), Parameter(Tensor(padded, shape: [3, columns + 2])))
      let soft = Tensor(targets, shape: [3, columns + 2])
      let losses: [(Tensor) -> Tensor] = [
        { Tensor.crossEntropy(logits: $0, classes: [1, 0, 3]) },
        {
          Tensor.softCrossEntropy(
            logits: $0, targets: soft.sliced(axis: 1, 0..<$0.shape[1]))
        },
      ]
      for loss in losses {
        for parameter in [some, all] { parameter.zeroGradient() }
        let (expected, found) = (loss(some.tensor), loss(all.tensor))
        expected.backward()
        found.backward()
        #expect(abs(found.item - expected.item) <= 1e-6)
        let gradient = all.gradient!
        #expect(difference(gradient.sliced(axis: 1, 0..<columns), some.gradient!) <= 1e-7)
        #expect(gradient.sliced(axis: 1, columns..<columns + 2).scalars.allSatisfy { $0 == 0 })
      }
    }
    // Down a column, as the other half of a contrastive loss goes.
    let logits = Parameter(Tensor([0, ruledOut, ruledOut, 0], shape: [2, 2]))
    let targets = Tensor.oneHot([0, 1], count: 2)
    let loss =
      Tensor.softCrossEntropy(logits: logits.tensor, targets: targets)
      + Tensor.softCrossEntropy(logits: logits.tensor.transposed(), targets: targets)
    loss.backward()
    #expect(loss.item == 0 && logits.gradient!.scalars.allSatisfy { $0 == 0 })
    // The true class cannot be ruled out.
    #expect(
      Tensor.crossEntropy(logits: Tensor([0, ruledOut], shape: [1, 2]), classes: [1]).item
        == .infinity)
    // What is no number stays seen.
    #expect(
      Tensor.crossEntropy(logits: Tensor([0, .nan], shape: [1, 2]), classes: [0]).item.isNaN)
  }

  @Test func meanSquaredErrorDifferentiatesBothSides() {
    let (a, b) = (randomTensor([2, 3], seed: 1), randomTensor([2, 3], seed: 2))
    checkGradients([a, b]) { Tensor.meanSquaredError($0[0], $0[1]) }
  }
}
