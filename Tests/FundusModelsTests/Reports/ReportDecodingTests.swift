import Foundation
import FundusModels
import FundusTensor
import Testing

/// A chain in which the next token depends on the last one alone.
struct MarkovChain: NextTokenModel {
  let rows: [[Float]]
  /// Whether each study has the chain with its tokens' probabilities raised to another power.
  var sharpness: [Float] = [1]
  private var studies: [Int] = []
  private(set) var calls = 0

  init(_ rows: [[Float]], sharpness: [Float] = [1]) {
    self.rows = rows
    self.sharpness = sharpness
  }

  var tokenCount: Int { rows[0].count }

  func logProbabilities(after token: Int32, study: Int) -> [Float] {
    let powers = rows[Int(token)].map { pow($0, sharpness[study]) }
    let sum = powers.reduce(0, +)
    return powers.map { log($0 / sum) }
  }

  mutating func logProbabilities(parents: [Int], tokens: [Int32]) -> Tensor {
    studies = calls == 0 ? parents : parents.map { studies[$0] }
    calls += 1
    return Tensor(
      zip(tokens, studies).flatMap { logProbabilities(after: $0, study: $1) },
      shape: [tokens.count, tokenCount])
  }

  /// The chain of the specification.
  static let published = MarkovChain([
    [0.10, 0.50, 0.30, 0.10], [0.40, 0.10, 0.30, 0.20], [0.05, 0.45, 0.10, 0.40],
    [0.60, 0.20, 0.10, 0.10],
  ])

  static func random(tokens: Int, seed: UInt64) -> MarkovChain {
    var stream = RandomStream(seed: seed)
    return MarkovChain(
      (0..<tokens).map { _ in
        let raw = (0..<tokens).map { _ in exp(3 * stream.uniform()) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
      })
  }
}

@Suite struct ReportDecodingTests {
  private func beams(_ size: Int, length: Int) -> ReportDecoding {
    var decoding = ReportDecoding(.beam(size: size))
    decoding.maximumLength = length
    return decoding
  }

  @Test(arguments: [4, 6], [true, false])
  func publishedBeams(length: Int, stopsEarly: Bool) throws {
    let expected: [Int: [([Int32], Double)]] = [
      1: [([1, 0], -1.60944)], 2: [([1, 0], -1.60944), ([1, 2, 3, 0], -3.32424)],
      3: [([1, 0], -1.60944), ([0], -2.30259), ([2, 1, 0], -2.91877)],
    ]
    for (size, reports) in expected {
      var decoding = beams(size, length: length)
      decoding.stopsEarly = stopsEarly
      let outcome = try decoding.run(MarkovChain.published, studies: 1)
      let found = outcome.reports[0]
      #expect(found.map(\.tokens) == reports.map(\.0))
      for (report, other) in zip(found, reports) {
        #expect(abs(report.logProbability - other.1) <= 1e-5)
        #expect(abs(report.score - report.logProbability) <= 1e-12)
      }
      if !stopsEarly { #expect(outcome.steps == length) }
    }
  }

  @Test func publishedStepwiseVector() throws {
    let chain = MarkovChain([
      [0.04, 0.90, 0.03, 0.03], [0.04, 0.03, 0.90, 0.03], [0.04, 0.03, 0.03, 0.90],
      [0.24, 0.70, 0.03, 0.03],
    ])
    var decoding = ReportDecoding(.greedy)
    decoding.maximumLength = 16
    let plain = try decoding.run(chain, studies: 1).reports[0][0].tokens
    #expect(plain == (0..<16).map { Int32($0 % 3 + 1) })
    decoding.trigramBlocking = .soft
    let soft = try decoding.run(chain, studies: 1).reports[0][0]
    #expect(soft.tokens == [1, 2, 3, 1, 2, 3, 0])
    // What is reported is the model's own probability.
    let own = [0.9, 0.9, 0.9, 0.7, 0.9, 0.9, 0.24].reduce(0) { $0 + log($1) }
    #expect(abs(soft.logProbability - own) <= 1e-5)
    decoding.trigramBlocking = .hard
    let hard = try decoding.run(chain, studies: 1).reports[0][0].tokens
    let trigrams = (0...max(0, hard.count - 3)).map { Array(hard[$0..<$0 + 3]) }
    #expect(Set(trigrams).count == trigrams.count && hard.count > 3)
  }

  @Test func equalsTheNaiveSearchOnChains() throws {
    for seed in 0..<100 as Range<UInt64> {
      var stream = RandomStream(seed: seed)
      let tokens = 2 + stream.index(below: 7)
      let size = 1 + stream.index(below: min(tokens, 5))
      let length = 1 + stream.index(below: 24)
      let chain = MarkovChain.random(tokens: tokens, seed: seed)
      let naive = NaiveBeamSearch(size: size, length: length) { prefixes in
        prefixes.map { chain.logProbabilities(after: $0[$0.count - 1], study: 0) }
      }.run()
      for stopsEarly in [true, false] {
        var decoding = beams(size, length: length)
        decoding.stopsEarly = stopsEarly
        let found = try decoding.run(chain, studies: 1).reports[0]
        #expect(found.map(\.tokens) == naive.best.map(\.tokens), "seed \(seed)")
        for (report, other) in zip(found, naive.best) {
          #expect(abs(report.score - other.score) <= 1e-9, "seed \(seed)")
        }
      }
    }
  }

  @Test func endsEarlyOnlyWhereNothingChanges() throws {
    for penalty in [ReportDecoding.LengthPenalty.none, .average, .wu(0.9), .wu(-0.7)] {
      var fewest = Int.max
      for seed in 0..<60 as Range<UInt64> {
        let chain = MarkovChain.random(tokens: 6, seed: seed)
        var decoding = beams(3, length: 40)
        decoding.lengthPenalty = penalty
        let early = try decoding.run(chain, studies: 1)
        decoding.stopsEarly = false
        let late = try decoding.run(chain, studies: 1)
        #expect(early.reports == late.reports, "seed \(seed), \(penalty)")
        #expect(late.steps == 40)
        fewest = min(fewest, early.steps)
        let scores = early.reports[0].map(\.score)
        #expect(scores == scores.sorted(by: >))
        for report in early.reports[0] where !report.tokens.dropLast().contains(0) {
          let own = penalty.applied(to: report.logProbability, length: report.tokens.count)
          #expect(abs(own - report.score) <= 1e-9)
        }
      }
      if penalty == .none { #expect(fewest < 40) }
    }
  }

  @Test func studiesDoNotMindCompany() throws {
    let sharpness: [Float] = [1, 0.3, 2.5, 1, 0.8]
    let rows = MarkovChain.random(tokens: 7, seed: 3).rows
    for method in [
      ReportDecoding.Method.beam(size: 3), .greedy, .diverseBeam(size: 4, groups: 2, strength: 0.5),
      .sample(.all), .sample(.topK(3)), .sample(.topP(0.8)), .sample(.gumbel),
    ] {
      var decoding = ReportDecoding(method)
      decoding.maximumLength = 20
      let streams = (0..<5).map { RandomStream(seed: UInt64($0)) }
      let all = try decoding.run(MarkovChain(rows, sharpness: sharpness), streams: streams).reports
      for study in 0..<5 {
        let alone = try decoding.run(
          MarkovChain(rows, sharpness: [sharpness[study]]), streams: [streams[study]])
        #expect(alone.reports[0] == all[study], "\(method), study \(study)")
      }
    }
  }

  @Test func blocksAndBansInBeams() throws {
    let chain = MarkovChain.random(tokens: 5, seed: 8)
    var decoding = beams(3, length: 30)
    decoding.stopsEarly = false
    decoding.trigramBlocking = .hard
    decoding.bannedTokens = [2]
    decoding.allowsRepeats = false
    for report in try decoding.run(chain, studies: 1).reports[0] where report.score.isFinite {
      let tokens = report.tokens
      #expect(!tokens.contains(2))
      #expect(zip(tokens, tokens.dropFirst()).allSatisfy { $0 != $1 })
      guard tokens.count >= 3 else { continue }
      let trigrams = (0...tokens.count - 3).map { Array(tokens[$0..<$0 + 3]) }
      #expect(Set(trigrams).count == trigrams.count)
    }
  }

  @Test func diverseGroupsAvoidEachOthersWords() throws {
    let chain = MarkovChain.random(tokens: 8, seed: 5)
    var decoding = ReportDecoding(.diverseBeam(size: 4, groups: 4, strength: 100))
    decoding.maximumLength = 6
    let apart = try decoding.run(chain, studies: 1).reports[0]
    #expect(apart.count == 4)
    #expect(Set(apart.map { $0.tokens[0] }).count == 4)
    // Without strength every group finds what a search of its size finds.
    decoding.method = .diverseBeam(size: 4, groups: 2, strength: 0)
    let same = try decoding.run(chain, studies: 1).reports[0]
    let plain = try beams(2, length: 6).run(chain, studies: 1).reports[0]
    #expect(same == [plain[0], plain[0], plain[1], plain[1]])
    // Reports are ranked by what the model thinks of them, not by what diversity took away.
    #expect(apart.allSatisfy { abs($0.score - $0.logProbability) <= 1e-12 })
    #expect(apart.map(\.score) == apart.map(\.score).sorted(by: >))
  }

  @Test func refusesNumbersThatAreNone() {
    let chain = MarkovChain([[0.5, 0.5], [.nan, 0.5]])
    for method in [ReportDecoding.Method.greedy, .beam(size: 2), .sample(.all)] {
      #expect(throws: ReportDecodingError.notFinite(study: 0, step: 1)) {
        var decoding = ReportDecoding(method)
        decoding.bannedTokens = method == .beam(size: 2) ? [] : [0]
        _ = try decoding.run(chain, studies: 1)
      }
    }
  }

  @Test func settingsAreChecked() {
    #expect(ReportDecoding(.beam(size: 5)).problem(tokenCount: 4) != nil)
    #expect(ReportDecoding(.beam(size: 4)).problem(tokenCount: 4) == nil)
    #expect(
      ReportDecoding(.diverseBeam(size: 5, groups: 2, strength: 1)).problem(tokenCount: 9) != nil)
    #expect(ReportDecoding(.sample(.topP(1))).problem(tokenCount: 9) != nil)
    #expect(ReportDecoding(.sample(.topK(0))).problem(tokenCount: 9) != nil)
    var decoding = ReportDecoding(.greedy)
    decoding.temperature = 0
    #expect(decoding.problem(tokenCount: 9) != nil)
    decoding = ReportDecoding(.beam(size: 2))
    decoding.bannedTokens = [0, 1, 2]
    #expect(decoding.problem(tokenCount: 4) != nil)
  }
}
