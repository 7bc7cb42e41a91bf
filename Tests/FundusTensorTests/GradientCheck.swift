import FundusTensor
import Testing

/// Random values in -1...1 that a test can name by a seed.
func randomTensor(_ shape: [Int], seed: UInt64 = 1) -> Tensor {
  var stream = RandomStream(seed: seed)
  return Tensor((0..<shape.reduce(1, *)).map { _ in stream.uniform(in: -1..<1) }, shape: shape)
}

/// Compares the gradients of `sum(weights * function(inputs))` with central differences.
///
/// The weights are random, so that a gradient that is wrong in one element cannot hide in a sum.
func checkGradients(
  _ inputs: [Tensor], step: Float = 1e-2, tolerance: Float = 2e-2,
  sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) -> Tensor
) {
  let parameters = inputs.map { Parameter($0) }
  let output = function(parameters.map(\.tensor))
  let weights = randomTensor(output.shape, seed: 99)
  output.backward(gradient: weights)
  func value(_ inputs: [Tensor]) -> Double {
    zip(function(inputs).scalars, weights.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  for (index, parameter) in parameters.enumerated() {
    guard let gradient = parameter.gradient else {
      Issue.record("input \(index) got no gradient", sourceLocation: sourceLocation)
      continue
    }
    for element in 0..<inputs[index].count {
      func shifted(_ by: Float) -> Double {
        var changed = inputs
        var elements = inputs[index].scalars
        elements[element] += by
        changed[index] = Tensor(elements, shape: inputs[index].shape)
        return value(changed)
      }
      let expected = Float((shifted(step) - shifted(-step)) / Double(2 * step))
      let found = gradient.scalars[element]
      // Written so that NaN fails.
      if !(abs(found - expected) <= tolerance * max(1, abs(expected))) {
        Issue.record(
          "input \(index), element \(element): \(found), by differences \(expected)",
          sourceLocation: sourceLocation)
        return
      }
    }
  }
}
