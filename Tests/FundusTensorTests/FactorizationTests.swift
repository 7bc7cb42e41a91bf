import FundusTensor
import Testing

@Suite struct FactorizationTests {
  /// The product of two small matrices, the plain way.
  func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
    return (a.reshaped([m, k, 1]) * b.reshaped([1, k, n])).sum(axis: 1)
  }

  func expectClose(_ a: Tensor, _ b: Tensor, _ limit: Float = 1e-4) {
    #expect(a.shape == b.shape)
    #expect(zip(a.scalars, b.scalars).allSatisfy { abs($0 - $1) <= limit })
  }

  @Test func eigenvectorsRebuildTheMatrix() throws {
    let x = randomTensor([7, 5])
    let matrix = product(x.transposed(), x)
    let (values, vectors) = try LinearAlgebra.symmetricEigen(matrix)
    expectClose(product(vectors.transposed() * values, vectors), matrix)
    #expect(values.scalars == values.scalars.sorted())
  }

  @Test(arguments: [[6, 4], [4, 6]]) func singularVectorsRebuildTheMatrix(shape: [Int]) throws {
    let x = randomTensor(shape)
    let (u, s, v) = try LinearAlgebra.singularValues(x)
    expectClose(product(u * s, v), x)
  }

  @Test func choleskySolvesAndRefuses() throws {
    let x = randomTensor([9, 4])
    let matrix = product(x.transposed(), x)
    let right = randomTensor([4, 2], seed: 7)
    expectClose(product(matrix, try LinearAlgebra.choleskySolve(matrix, right)), right)
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 1)) {
      try LinearAlgebra.choleskySolve(-matrix, right)
    }
    #expect(throws: LinearAlgebraError.notFinite) {
      try LinearAlgebra.symmetricEigen(Tensor(repeating: .nan, shape: [2, 2]))
    }
  }

  @Test func principalComponentsFindTheLongAxis() throws {
    // Points along (3, 4) / 5 with a little noise across.
    var stream = RandomStream(seed: 5)
    let samples = Tensor(
      (0..<200).flatMap { _ -> [Float] in
        let (along, across) = (stream.normal() * 2, stream.normal() * 0.1)
        return [0.6 * along - 0.8 * across + 1, 0.8 * along + 0.6 * across + 2]
      }, shape: [200, 2])
    let components = try PrincipalComponents(samples, components: 2)
    #expect(abs(components.directions[0, 0] - 0.6) < 0.02)
    #expect(abs(components.directions[0, 1] - 0.8) < 0.02)
    #expect(components.variances[0] > 100 * components.variances[1])
  }
}
