import FundusTensor
import Testing

/// How far a tensor may be from its reference: |difference| <= absolute + relative · max|reference|.
///
/// Relative to the largest element, because rounding errors of sums have the size of the terms and
/// not of a result in which they cancelled. This is the one table of the parity tests of models.
struct Tolerance {
  var absolute: Float = 0
  var relative: Float = 0

  /// Hidden states of BERT: some 20 matrix products of length up to 3072, each with rounding errors
  /// of about 2⁻²⁴ √3072 = 3e-6 of its terms, brought back to unit size by layer normalization.
  static let hiddenState = Tolerance(absolute: 2e-6, relative: 5e-6)
  /// The mean of positions averages most of that away.
  static let pooledText = Tolerance(absolute: 1e-6, relative: 3e-6)
  /// Gradients pass every layer twice; the references have errors of the same size.
  static let textGradient = Tolerance(absolute: 1e-6, relative: 2e-5)
  /// At full size, twelve layers and sums over hundreds of rows.
  static let fullTextGradient = Tolerance(absolute: 1e-6, relative: 5e-5)
}

/// The largest difference of two tensors, or nil when it is no number anywhere or shapes differ.
func largestDifference(_ actual: Tensor, _ expected: Tensor) -> Float? {
  guard actual.shape == expected.shape else { return nil }
  var largest: Float = 0
  for (a, b) in zip(actual.scalars, expected.scalars) {
    let difference = abs(a - b)
    guard difference <= .greatestFiniteMagnitude else { return nil }
    largest = max(largest, difference)
  }
  return largest
}

/// Whether a tensor is as near to its reference as it must be; never for anything that is not a
/// number, nor for a reference of zeros alone, which would prove nothing.
func isClose(_ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance) -> Bool {
  let size = expected.scalars.reduce(0) { max($0, abs($1)) }
  guard size > 0, let difference = largestDifference(actual, expected) else { return false }
  return difference <= tolerance.absolute + tolerance.relative * size
}

/// Compares whole tensors.
func expectClose(
  _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance, _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    isClose(actual, expected, tolerance),
    """
    \(name): \(actual.shape) against \(expected.shape), off by \
    \(largestDifference(actual, expected).map { "\($0)" } ?? "what is no number") of at most \
    \(expected.scalars.reduce(0) { max($0, abs($1)) })
    """,
    sourceLocation: sourceLocation)
}

@Suite struct ComparatorTests {
  @Test func rejectsWrongAnswers() {
    let reference = Tensor([1, -2, 3], shape: [3])
    let tolerance = Tolerance(relative: 1e-5)
    #expect(isClose(reference, reference, tolerance))
    #expect(isClose(Tensor([1, -2, 3.00002], shape: [3]), reference, tolerance))
    #expect(!isClose(Tensor([1, -2, 3.0001], shape: [3]), reference, tolerance))
    #expect(!isClose(Tensor([1, -2, .nan], shape: [3]), reference, tolerance))
    #expect(!isClose(Tensor([1, -2, .infinity], shape: [3]), reference, tolerance))
    #expect(!isClose(reference, Tensor([1, -2, .nan], shape: [3]), tolerance))
    #expect(!isClose(Tensor(zeros: [3]), Tensor(zeros: [3]), tolerance))
    #expect(!isClose(Tensor([1, -2, 3], shape: [1, 3]), reference, tolerance))
    let infinite = Tensor([Float.infinity], shape: [1])
    #expect(!isClose(infinite, infinite, tolerance))
  }
}
