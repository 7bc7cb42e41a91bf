import Foundation
import KeepFIT
import Testing

/// Numbers from 0 to 1 that Scripts in any language can make as well.
private func congruential(_ count: Int, seed: Int) -> [Double] {
  var state = seed
  return (0..<count).map { _ in
    state = (1_103_515_245 * state + 12345) % (1 << 31)
    return Double(state) / Double(1 << 31)
  }
}

@Suite struct TemperatureScalingTests {
  /// The optimum that SciPy's bounded minimizer finds.
  @Test func theTemperatureIsTheOptimum() {
    let values = congruential(120, seed: 11)
    let logits = (0..<30).map { row in (0..<3).map { Float(6 * values[4 * row + $0] - 3) } }
    let labels = (0..<30).map { row in
      row % 3 == 0
        ? Int(values[4 * row + 3] * 3 * 0.999)
        : logits[row].firstIndex(of: logits[row].max()!)!
    }
    let temperature = TemperatureScaling.fit(logits: logits, labels: labels)
    #expect(abs(temperature - 1.292778741938306) < 1e-4)
    let loss = TemperatureScaling.negativeLogLikelihood(
      logits: logits, labels: labels, temperature: temperature)
    #expect(abs(loss - 0.7204392605904321) < 1e-6)
    #expect(
      abs(
        TemperatureScaling.negativeLogLikelihood(logits: logits, labels: labels)
          - 0.736715101539676) < 1e-6)
  }

  @Test func overconfidenceIsUndone() {
    // Logits of a calibrated model, multiplied by 3, for one label of many or several of two.
    var stream = RandomStream(seed: 4)
    let plain = (0..<4000).map { _ in [0, 2 * stream.normal()] }
    let labels = plain.map { stream.uniform() < 1 / (1 + exp(-$0[1])) ? 1 : 0 }
    let sharp = plain.map { row in row.map { 3 * $0 } }
    #expect(abs(TemperatureScaling.fit(logits: sharp, labels: labels) - 3) < 0.25)
    let targets = labels.map { [$0 == 1] }
    let single = sharp.map { [$0[1]] }
    #expect(abs(TemperatureScaling.fit(logits: single, targets: targets) - 3) < 0.25)
  }

  @Test func perfectLogitsStayWithinTheLimits() {
    let temperature = TemperatureScaling.fit(logits: [[0, 9], [9, 0]], labels: [1, 0])
    #expect(TemperatureScaling.limits.contains(temperature) && temperature < 0.06)
    #expect(TemperatureScaling.fit(logits: [[0, 9], [9, 0]], labels: [0, 1]) > 19)
  }
}

@Suite struct ConformalSetTests {
  /// Images whose classes follow the probabilities only roughly, as those of a bad model.
  private func image(_ stream: inout RandomStream) -> (probabilities: [Float], label: Int) {
    let logits = (0..<4).map { _ in 2 * stream.normal() }
    func softmax(_ values: [Float]) -> [Float] {
      let powers = values.map { exp($0) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum }
    }
    let truth = softmax(logits.map { 0.5 * $0 + 0.3 * stream.normal() })
    var rest = stream.uniform()
    let label = truth.firstIndex { share in
      rest -= share
      return rest <= 0
    }
    return (softmax(logits), label ?? 3)
  }

  @Test(arguments: [0.05, 0.1, 0.2, 0.4])
  func setsContainTheTrueClass(errorRate: Double) throws {
    var stream = RandomStream(seed: 21)
    let (trials, count, tests) = (80, 79, 25)
    var hits = 0
    var size = 0
    for _ in 0..<trials {
      let known = (0..<count).map { _ in image(&stream) }
      let sets = try ConformalSets(
        trueProbabilities: known.map { $0.probabilities[$0.label] }, errorRate: errorRate)
      for _ in 0..<tests {
        let (probabilities, label) = image(&stream)
        let set = sets.set(probabilities)
        if set.contains(label) { hits += 1 }
        size += set.count
      }
    }
    let coverage = Double(hits) / Double(trials * tests)
    // At least 1 - α, and, as there are no ties, at most 1/(n + 1) more; the most probable class is always in,
    // which adds to it where sets would be empty. The slack is three standard errors.
    let slack =
      3 * (errorRate * (1 - errorRate) / Double(count) / Double(trials)).squareRoot() + 0.012
    #expect(coverage >= 1 - errorRate - slack, "\(coverage)")
    if errorRate < 0.3 { #expect(coverage <= 1 - errorRate + 1 / 80 + slack, "\(coverage)") }
    // Sets that contain everything would cover everything.
    #expect(size < 4 * trials * tests)
  }

  @Test func tooFewImagesPromiseNothing() throws {
    _ = try ConformalSets(trueProbabilities: .init(repeating: 0.5, count: 9), errorRate: 0.1)
    #expect(throws: TransferError.self) {
      try ConformalSets(trueProbabilities: .init(repeating: 0.5, count: 8), errorRate: 0.1)
    }
    let sets = try ConformalSets(trueProbabilities: (1...9).map { Float($0) / 10 }, errorRate: 0.1)
    #expect(sets.limit == Double(Float(0.1)))
    #expect(sets.set([0.05, 0.95]) == [1] && sets.set([0.2, 0.8]) == [1, 0])
    // Never empty.
    let strict = try ConformalSets(trueProbabilities: [0.9, 0.99], errorRate: 0.5)
    #expect(strict.set([0.4, 0.6]) == [1])
  }
}

@Suite struct PairedComparisonTests {
  @Test func equalMethodsDoNotDifferAndBetterOnesDo() {
    func contestant(_ name: String, _ hits: [Bool]) -> PairedComparison.Contestant {
      .init(name: name) { times in
        let sum = times.reduce(0, +)
        return Double(zip(times, hits).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }) / Double(sum)
      }
    }
    let count = 200
    let weak = (0..<count).map { $0 % 2 == 0 }
    let strong = (0..<count).map { $0 % 5 != 0 }
    let found = PairedComparison.all(
      [contestant("a", weak), contestant("b", weak), contestant("c", strong)],
      strata: [Array(0..<count)], count: count, metric: "aca", resamples: 999)
    #expect(found.map { "\($0.first)\($0.second)" } == ["ab", "ac", "bc"])
    #expect(found[0].difference == 0 && found[0].p == 1 && found[0].lower == 0)
    #expect(abs(found[1].difference + 0.3) < 1e-12 && found[1].p < 0.01 && found[1].upper < 0)
    #expect(found[1].holm >= found[1].p && found[0].holm == 1)
    // The interval of the mean of paired differences, by the normal approximation.
    let differences = zip(weak, strong).map { ($0 ? 1.0 : 0) - ($1 ? 1.0 : 0) }
    let mean = differences.reduce(0, +) / Double(count)
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    let half = 1.96 * (variance / Double(count)).squareRoot()
    #expect(
      abs(found[1].lower - (mean - half)) < 0.02 && abs(found[1].upper - (mean + half)) < 0.02)
  }
}
