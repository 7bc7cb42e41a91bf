import Foundation
import FundusTensor

/// The decoding of one study with any method.
enum StudySearch {
  case beams([BeamGroup], strength: Double)
  case stepwise(StepwiseChoice)

  /// - Parameter row: of the empty prefix in the first call of the model.
  init(_ decoding: ReportDecoding, row: Int, stream: RandomStream) {
    switch decoding.method {
    case .beam(let size):
      self = .beams([BeamGroup(decoding, size: size, row: row)], strength: 0)
    case .diverseBeam(let size, let groups, let strength):
      self = .beams(
        (0..<groups).map { _ in BeamGroup(decoding, size: size / groups, row: row) },
        strength: strength)
    case .greedy, .sample:
      self = .stepwise(StepwiseChoice(decoding, row: row, stream: stream))
    }
  }

  /// The rows and tokens that the next call of the model begins with.
  var continuations: [(parent: Int, token: Int32)] {
    switch self {
    case .beams(let groups, _):
      groups.flatMap(\.beams).map { ($0.row, $0.tokens[$0.tokens.count - 1]) }
    case .stepwise(let choice): [(choice.row, choice.tokens[choice.tokens.count - 1])]
    }
  }

  /// Chooses the tokens of a step; false where scores are no numbers.
  mutating func advance(_ all: Tensor, step: Int) -> Bool {
    switch self {
    case .beams(var groups, let strength):
      var chosen: [Int32: Int] = [:]
      for index in groups.indices {
        guard groups[index].advance(all, step: step, chosen: chosen, strength: strength) else {
          return false
        }
        guard strength > 0 else { continue }
        for beam in groups[index].beams { chosen[beam.tokens[step], default: 0] += 1 }
      }
      self = .beams(groups, strength: strength)
      return true
    case .stepwise(var choice):
      let isValid = choice.advance(all, step: step)
      self = .stepwise(choice)
      return isValid
    }
  }

  /// Whether the answer is known.
  func isFinished(stopsEarly: Bool) -> Bool {
    switch self {
    case .beams(let groups, _): stopsEarly && groups.allSatisfy(\.isSettled)
    case .stepwise(let choice): choice.tokens.last == 0
    }
  }

  /// Notes the rows of the next call.
  mutating func assignRows(from first: Int) {
    switch self {
    case .beams(var groups, let strength):
      var row = first
      for index in groups.indices {
        groups[index].assignRows(from: row)
        row += groups[index].beams.count
      }
      self = .beams(groups, strength: strength)
    case .stepwise(var choice):
      choice.row = first
      self = .stepwise(choice)
    }
  }

  /// The chosen reports, best first.
  var reports: [DecodedReport] {
    switch self {
    case .beams(let groups, _):
      let all = groups.flatMap(\.done).enumerated()
      return all.sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
        .map(\.element)
    case .stepwise(let choice): return [choice.report]
    }
  }
}

/// One word at a time, without backtracking.
struct StepwiseChoice {
  private let decoding: ReportDecoding
  private let stream: RandomStream
  var row: Int
  private(set) var tokens: [Int32] = []
  private var logProbability = 0.0
  private var ranking = 0.0

  init(_ decoding: ReportDecoding, row: Int, stream: RandomStream) {
    self.decoding = decoding
    self.row = row
    self.stream = stream
  }

  var report: DecodedReport {
    DecodedReport(tokens: tokens, logProbability: logProbability, score: ranking)
  }

  mutating func advance(_ all: Tensor, step: Int) -> Bool {
    var scores = TokenScores(all, row: row)
    guard scores.isValid else { return false }
    scores.apply(decoding, prefix: tokens)
    let token =
      if case .sample(let sampling) = decoding.method {
        draw(sampling, from: &scores, step: step)
      } else {
        scores.top(1)[0].token
      }
    tokens.append(Int32(token))
    logProbability += Double(scores.raw(token))
    ranking += Double(scores.value(token))
    return true
  }

  private func draw(
    _ sampling: ReportDecoding.Sampling, from scores: inout TokenScores, step: Int
  ) -> Int {
    var stream = stream.derived(UInt64(step))
    if sampling == .gumbel {
      let noisy = scores.values.map { value in
        value - Float(log(-log(Double(1 - stream.uniform()).nextDown)))
      }
      return noisy.indices.max { noisy[$0] < noisy[$1] } ?? 0
    }
    scores.apply(temperature: decoding.temperature)
    let count: Int =
      if case .topK(let most) = sampling { min(most, scores.values.count) } else {
        scores.values.count
      }
    let values = scores.values
    let sorted =
      sampling == .all
      ? Array(values.indices)
      : values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    let largest = Double(values.max() ?? 0)
    var weights = sorted.prefix(count).map { exp(Double(values[$0]) - largest) }
    if case .topP(let mass) = sampling {
      let wanted = mass * weights.reduce(0, +)
      var sum = 0.0
      let crossing = weights.firstIndex { weight in
        sum += weight
        return sum >= wanted
      }
      weights = Array(weights.prefix((crossing ?? weights.count - 1) + 1))
    }
    var rest = Double(stream.uniform()) * weights.reduce(0, +)
    for (place, weight) in weights.enumerated() where weight > 0 {
      rest -= weight
      if rest < 0 { return sorted[place] }
    }
    return sorted[weights.lastIndex { $0 > 0 } ?? 0]
  }
}
