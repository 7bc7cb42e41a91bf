import Foundation
import KeepFIT
import Testing

@Suite struct TransferMethodTests {
  struct Reference: Decodable {
    struct Probe: Decodable {
      let seed: Int
      let count: Int
      let width: Int
      let classes: Int
      let shift: Float
      let weights: [Double]
      let intercepts: [Double]
      let probabilities: [Double]
    }
    let probes: [Probe]
    let clipAdapter: [Float]
    let tipAdapter: [Float]
    let tipAdapterF: [Float]
    let tipAdapterFAsTrained: [Float]
    let tipAdapterFReleased: [Float]
    let tipAdapterFReleasedAsTrained: [Float]
  }

  static func labels(_ count: Int, _ classes: Int) -> [Int] {
    (0..<count).map { $0 % 7 == 3 ? 0 : $0 % classes }
  }

  /// The features of `Scripts/goldens/transfer_methods.py`.
  static func features(
    seed: Int, count: Int, width: Int, classes: Int, strength: Double, unit: Bool, shift: Float = 0
  ) -> Tensor {
    var random = PythonRandom(seed: seed)
    var values: [Float] = []
    for label in labels(count, classes) {
      var row = (0..<width).map {
        random.uniform() - 0.5 + ($0 % classes == label ? strength : 0)
      }
      if unit {
        let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        row = row.map { $0 / norm }
      }
      values += row.map { Float($0) + shift }
    }
    return Tensor(values, shape: [count, width])
  }

  /// The largest difference; infinite when sizes differ or a number is undefined.
  static func distance<Number: BinaryFloatingPoint>(_ a: [Number], _ b: [Number]) -> Number {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { worst, pair in
      let difference = abs(pair.0 - pair.1)
      return !(difference <= worst) ? (difference.isNaN ? .infinity : difference) : worst
    }
  }

  @Test func probesEqualScikitLearnsOptimum() throws {
    for item in try Goldens.json(Reference.self, "methods.json").probes {
      let features = Self.features(
        seed: item.seed, count: item.count, width: item.width, classes: item.classes,
        strength: 0.05, unit: false, shift: item.shift)
      let probe = try LinearProbe.fit(
        features: features, labels: Self.labels(item.count, item.classes),
        classCount: item.classes)
      // The issue asks for 1e-4; the optimum is unique, so both may come much closer.
      #expect(Self.distance(probe.weights, item.weights) < 1e-5, "seed \(item.seed)")
      #expect(Self.distance(probe.intercepts, item.intercepts) < 1e-5, "seed \(item.seed)")
      let test = Self.features(
        seed: item.seed + 100, count: 6, width: item.width, classes: item.classes,
        strength: 0.05, unit: false, shift: item.shift)
      let probabilities = probe.probabilities(test).scalars.map(Double.init)
      #expect(Self.distance(probabilities, item.probabilities) < 1e-5, "seed \(item.seed)")
    }
  }

  @Test func adaptersEqualPyTorchs() throws {
    let reference = try Goldens.json(Reference.self, "methods.json")
    let (count, width, classes) = (24, 512, 4)
    let training = try TrainingFeatures(
      features: Self.features(
        seed: 10, count: count, width: width, classes: classes, strength: 0.06, unit: true),
      labels: Self.labels(count, classes), classCount: classes)
    let test = Self.features(
      seed: 11, count: 8, width: width, classes: classes, strength: 0.06, unit: true)
    let text =
      Self.features(
        seed: 12, count: classes, width: width, classes: classes, strength: 0.04, unit: true)
      * 0.9
    let knowledge = ClassKnowledge(textEmbeddings: text, logitScale: 4)

    var random = PythonRandom(seed: 3)
    let clip = try CLIPAdapter.fit(training, knowledge: knowledge, random: &random)
    #expect(Self.distance(clip.logits(test).scalars, reference.clipAdapter) < 1e-3)

    var options = TIPAdapter.Options()
    func tip() throws -> TIPAdapter {
      var random = PythonRandom(seed: 3)
      return try TIPAdapter.fit(training, knowledge: knowledge, options: options, random: &random)
    }
    #expect(Self.distance(try tip().logits(test).scalars, reference.tipAdapter) < 1e-3)
    options.trainsKeys = true
    #expect(Self.distance(try tip().logits(test).scalars, reference.tipAdapterF) < 1e-3)
    options.predictsAsTrained = true
    #expect(Self.distance(try tip().logits(test).scalars, reference.tipAdapterFAsTrained) < 1e-3)
    options.queriesFollowKeys = true
    let released = try tip().logits(test).scalars
    #expect(Self.distance(released, reference.tipAdapterFReleasedAsTrained) < 1e-3)
    options.predictsAsTrained = false
    #expect(Self.distance(try tip().logits(test).scalars, reference.tipAdapterFReleased) < 1e-3)
  }

  @Test func refusesFeaturesWithoutProjection() throws {
    let training = try TrainingFeatures(
      features: Tensor(zeros: [4, 16]), labels: [0, 1, 0, 1], classCount: 2)
    let knowledge = ClassKnowledge(textEmbeddings: Tensor(zeros: [2, 8]), logitScale: 1)
    var random = PythonRandom(seed: 0)
    #expect(throws: TransferError.self) {
      try CLIPAdapter.fit(training, knowledge: knowledge, random: &random)
    }
    #expect(throws: TransferError.self) {
      try TIPAdapter.fit(training, knowledge: knowledge, random: &random)
    }
  }

  @Test func refusesProbesThatCannotBeFitted() {
    let features = Tensor(zeros: [4, 2])
    #expect(throws: TransferError.self) {
      try LinearProbe.fit(features: features, labels: [0, 0, 0, 0], classCount: 2)
    }
    #expect(throws: TransferError.self) {
      try LinearProbe.fit(
        features: Tensor([.nan, 1, 2, 3], shape: [2, 2]), labels: [0, 1], classCount: 2)
    }
  }
}
