import Foundation
import FundusModels
import FundusTensor
import Testing

/// What is drawn, by how often it is.
@Suite struct ReportSamplingTests {
  private let probabilities: [Float] = [0.08, 0.4, 0.22, 0.3]

  /// How often each token comes first.
  private func frequencies(
    _ sampling: ReportDecoding.Sampling, temperature: Double = 1
  ) throws -> [Double] {
    var decoding = ReportDecoding(.sample(sampling))
    decoding.maximumLength = 1
    decoding.temperature = temperature
    let count = 20_000
    let chain = MarkovChain(
      Array(repeating: probabilities, count: 4), sharpness: Array(repeating: 1, count: count))
    let streams = (0..<UInt64(count)).map { RandomStream(seed: 9).derived($0) }
    var counts = [Double](repeating: 0, count: 4)
    for reports in try decoding.run(chain, streams: streams).reports {
      counts[Int(reports[0].tokens[0])] += 1 / Double(count)
    }
    return counts
  }

  private func expect(
    _ found: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    // Five standard deviations.
    for (x, p) in zip(found, expected) {
      let limit = 5 * (p * (1 - p) / 20_000).squareRoot() + 1e-9
      #expect(abs(x - p) <= limit, "\(found)", sourceLocation: sourceLocation)
    }
  }

  @Test func drawsByProbability() throws {
    expect(try frequencies(.all), probabilities.map { Double($0) })
    expect(try frequencies(.gumbel), probabilities.map { Double($0) })
    let powers = probabilities.map { pow(Double($0), 2) }
    let sum = powers.reduce(0, +)
    expect(try frequencies(.all, temperature: 0.5), powers.map { $0 / sum })
  }

  @Test func drawsAmongTheBest() throws {
    expect(try frequencies(.topK(2)), [0, 0.4 / 0.7, 0, 0.3 / 0.7])
    expect(try frequencies(.topK(50)), probabilities.map { Double($0) })
    // 0.4 alone falls short of 0.5, so that the crossing token counts.
    expect(try frequencies(.topP(0.5)), [0, 0.4 / 0.7, 0, 0.3 / 0.7])
    expect(try frequencies(.topP(0.39)), [0, 1, 0, 0])
    expect(try frequencies(.topP(0.75)), [0, 0.4 / 0.92, 0.22 / 0.92, 0.3 / 0.92])
  }
}
