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

  @Test func meanSquaredErrorDifferentiatesBothSides() {
    let (a, b) = (randomTensor([2, 3], seed: 1), randomTensor([2, 3], seed: 2))
    checkGradients([a, b]) { Tensor.meanSquaredError($0[0], $0[1]) }
  }
}
