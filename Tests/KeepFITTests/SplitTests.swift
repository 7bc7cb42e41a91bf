import Foundation
import KeepFIT
import Testing

@Suite struct SplitTests {
  struct Reference: Decodable {
    struct Case: Decodable {
      let labels: [Int]
      let classes: Int
      let seed: Int
      let trainCount: SampleCount
      let validationCount: SampleCount
      let testCount: SampleCount
      let balance: Bool
      let train: [Int]
      let validation: [Int]
      let test: [Int]
      let next: UInt64
    }
    struct Checks: Decodable {
      let words: [UInt64]
      let uniform: [Double]
      let wide: String
      let below: [Int]
    }
    let cases: [Case]
    let seed0: Checks
  }

  @Test func splitsEqualPythons() throws {
    let reference = try Goldens.json(
      Reference.self, "splits.json", orFileIn: "KEEPFIT_SPLIT_CASES")
    for (index, item) in reference.cases.enumerated() {
      var split = try DataSplit(
        labels: item.labels, seed: item.seed,
        options: DataSplit.Options(
          train: item.trainCount, validation: item.validationCount, test: item.testCount,
          balance: item.balance),
        classNames: (0..<item.classes).map { "\($0)" })
      #expect(split.test == item.test, "case \(index), seed \(item.seed)")
      #expect(split.train == item.train, "case \(index), seed \(item.seed)")
      #expect(split.validation == item.validation, "case \(index), seed \(item.seed)")
      #expect(split.random.bits(32) == item.next, "case \(index), seed \(item.seed)")
    }
  }

  @Test func drawsEqualPythons() throws {
    let checks = try Goldens.json(Reference.self, "splits.json").seed0
    var random = PythonRandom(seed: 0)
    #expect(checks.words == [3_626_764_237, 1_654_615_998, 3_255_389_356])
    #expect((0..<3).map { _ in random.bits(32) } == checks.words)
    #expect((0..<3).map { _ in random.uniform() } == checks.uniform)
    #expect("\(random.bits(53))" == checks.wide)
    #expect((0..<5).map { _ in random.index(below: 1000) } == checks.below)
    for (seed, expected) in [
      (0, [7, 8, 1, 5, 3, 4, 2, 0, 9, 6]), (1, [6, 8, 9, 7, 5, 3, 0, 4, 1, 2]),
      (4, [8, 2, 0, 7, 6, 9, 5, 1, 4, 3]),
    ] {
      var order = Array(0..<10)
      var random = PythonRandom(seed: seed)
      random.shuffle(&order)
      #expect(order == expected, "seed \(seed)")
    }
  }

  @Test func countsAreCutAsPublished() throws {
    #expect(try SampleCount("70%").samples(of: 90) == 62)
    #expect(try SampleCount("5").samples(of: 3) == 5)
    for text in ["", "x", "-1", "101%", "5.5", "% 5", "5 %"] {
      #expect(throws: TransferError.self, "'\(text)'") { try SampleCount(text) }
    }
  }

  @Test func refusesHopelessClasses() {
    #expect(throws: TransferError.singleSampleClass(label: "b")) {
      try DataSplit(
        labels: [0, 0, 0, 0, 0, 1], seed: 0, options: .init(), classNames: ["a", "b"])
    }
    #expect(throws: TransferError.self) {
      try DataSplit(labels: [0, 0, 0, 0, 0], seed: 0, options: .init(), classNames: ["a", "b"])
    }
    // 20 % of four images is none.
    #expect(throws: TransferError.self) {
      try DataSplit(
        labels: [0, 0, 0, 0, 0, 1, 1, 1, 1], seed: 0, options: .init(), classNames: ["a", "b"])
    }
    #expect(throws: Never.self) {
      try DataSplit(labels: [0, 0, 1], seed: 0, options: .testAll, classNames: ["a", "b"])
    }
  }

  @Test func layersStartAsPyTorchs() {
    // torch.manual_seed(42); Linear(512, 128, bias=False), Linear(128, 512, bias=False)
    var generator = TorchGenerator(seed: 42)
    let first = generator.linearWeight(inputs: 512, outputs: 128)
    let second = generator.linearWeight(inputs: 128, outputs: 512)
    #expect(
      first.prefix(5) == [
        0.033_788_148_313_760_76, 0.036_681_514_233_350_754, -0.010_353_478_603_065_014,
        0.040_597_267_448_902_13, -0.009_683_101_437_985_897,
      ])
    #expect(
      second.suffix(3) == [
        -0.014_220_367_185_771_465, -0.042_384_747_415_781_02, 0.012_029_669_247_567_654,
      ])
    #expect(abs(first.reduce(0.0) { $0 + Double($1) } - 5.431_475_464_412_699) < 1e-9)
    #expect(abs(second.reduce(0.0) { $0 + Double($1) } - 10.367_565_841_781_015) < 1e-9)
    // torch.manual_seed(7); randperm(10), randperm(3)
    var seven = TorchGenerator(seed: 7)
    #expect(seven.permutation(10) == [5, 0, 3, 4, 1, 7, 9, 6, 8, 2])
    #expect(seven.permutation(3) == [2, 1, 0])
    var again = TorchGenerator(seed: 7)
    #expect(again.int63() == 1_407_639_518_939_636_932)
  }
}
