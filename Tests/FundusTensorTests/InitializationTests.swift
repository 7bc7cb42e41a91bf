import FundusTensor
import TestSupport
import Testing

@Suite struct InitializationTests {
  let source = Initialization.random(RandomStream(seed: 7))

  @Test func momentsAndBounds() {
    let uniform = source.uniform([501, 401], bound: 0.25).scalars
    #expect(uniform.allSatisfy { $0 >= -0.25 && $0 < 0.25 })
    let mean = uniform.reduce(0.0) { $0 + Double($1) } / Double(uniform.count)
    #expect(abs(mean) < 0.002)
    let normal = source.normal([501, 401], deviation: 0.02).scalars
    let variance = normal.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(normal.count)
    #expect(abs(variance.squareRoot() - 0.02) < 0.0002)
    #expect(normal.allSatisfy(\.isFinite) && Set(normal.prefix(100)).count > 90)
  }

  @Test func theSameBitsForAnyNumberOfThreads() throws {
    let one = try withThreads(1) { source.normal([70_001], deviation: 1).scalars }
    #expect(try withThreads(3) { source.normal([70_001], deviation: 1).scalars } == one)
    #expect(source.derived("a").normal([8], deviation: 1).scalars != Array(one.prefix(8)))
  }

  @Test func aPlaceholderReadsAsZeros() {
    let tensor = Initialization.placeholder.normal([1000, 3], deviation: 1)
    #expect(tensor.shape == [1000, 3] && tensor.scalars.allSatisfy { $0 == 0 })
  }
}
