import FundusTensor
import Testing

/// Compares the gradients of an operator with central differences.
///
/// The quantity differentiated is Σ c · f(x…) with random c, summed in double precision, so that the
/// check needs no other operator.
/// - Parameters:
///   - tolerance: of |difference|, relative to the largest gradient of the same input plus 1.
func checkGradients(
  of inputs: [Tensor], step: Float = 1e-2, tolerance: Float = 5e-3,
  sourceLocation: SourceLocation = #_sourceLocation, _ operation: ([Tensor]) -> Tensor
) {
  let parameters = inputs.map { Parameter($0) }
  let result = operation(parameters.map(\.tensor))
  var random = RandomStream(seed: 77)
  let weights = (0..<result.count).map { _ in random.uniform(in: -1..<1) }
  result.backward(gradient: Tensor(weights, shape: result.shape))
  func quantity() -> Double {
    let values = Autograd.withoutGradients { operation(parameters.map(\.value)) }.scalars
    return zip(values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  for (number, parameter) in parameters.enumerated() {
    guard let gradient = parameter.gradient?.scalars else {
      Issue.record("input \(number) has no gradient", sourceLocation: sourceLocation)
      continue
    }
    // An infinite one would also make its own tolerance infinite.
    #expect(gradient.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
    let scale = 1 + gradient.reduce(0) { max($0, abs($1)) }
    let original = parameter.value
    for index in stride(from: 0, to: original.count, by: max(1, original.count / 60)) {
      func moved(by amount: Float) -> Double {
        var scalars = original.scalars
        scalars[index] += amount
        parameter.value = Tensor(scalars, shape: original.shape)
        return quantity()
      }
      let numeric = Float((moved(by: step) - moved(by: -step)) / (2 * Double(step)))
      parameter.value = original
      let difference = abs(numeric - gradient[index])
      #expect(
        difference <= tolerance * scale,
        "input \(number), element \(index): \(gradient[index]), by differences \(numeric)",
        sourceLocation: sourceLocation)
    }
  }
}

/// Normally distributed elements.
func randomTensor(_ shape: [Int], seed: UInt64, scale: Float = 1, shift: Float = 0) -> Tensor {
  var random = RandomStream(seed: seed)
  let count = shape.reduce(1, *)
  return Tensor((0..<count).map { _ in shift + scale * random.normal() }, shape: shape)
}
