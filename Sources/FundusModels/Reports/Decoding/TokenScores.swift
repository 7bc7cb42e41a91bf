import Foundation
import FundusTensor

/// The scores of the next token of one prefix: log-probabilities, changed as the settings say.
struct TokenScores {
  /// The model's own log-probabilities of all rows, and which row this is.
  private let all: Tensor
  private let row: Int
  private let count: Int
  /// The changed ones; nil where nothing changes.
  private var changed: [Float]?

  init(_ all: Tensor, row: Int) {
    self.all = all
    self.row = row
    count = all.shape[1]
  }

  /// Whether every score is finite. A non-finite logit makes its entire row non-finite.
  var isValid: Bool { !raw(0).isNaN }

  /// The model's own log-probability of a token.
  func raw(_ token: Int) -> Float { all.withSpan { $0[row * count + token] } }

  /// The score of a token.
  func value(_ token: Int) -> Float { changed.map { $0[token] } ?? raw(token) }

  /// All scores.
  var values: [Float] {
    changed ?? all.withSpan { span in (0..<count).map { span[row * count + $0] } }
  }

  /// Becomes log softmax(score / τ).
  mutating func apply(temperature: Double) {
    guard temperature != 1 else { return }
    let scaled = values.map { Double($0) / temperature }
    let maximum = scaled.max() ?? 0
    let total = maximum + log(scaled.reduce(0) { $0 + exp($1 - maximum) })
    changed = scaled.map { Float($0 - total) }
  }

  /// Rules out what may not follow the prefix, and lowers what would repeat its trigrams.
  mutating func apply(_ decoding: ReportDecoding, prefix: [Int32]) {
    if !decoding.bannedTokens.isEmpty {
      for token in decoding.bannedTokens where token >= 0 && Int(token) < count {
        lower(Int(token), by: .infinity)
      }
    }
    if !decoding.allowsRepeats, let last = prefix.last { lower(Int(last), by: .infinity) }
    guard decoding.trigramBlocking != .none, prefix.count >= 3 else { return }
    let (first, second) = (prefix[prefix.count - 2], prefix[prefix.count - 1])
    // A quarter of the probability, rounded as the published code writes it.
    let penalty: Float = decoding.trigramBlocking == .hard ? .infinity : 0.693 * 2
    for start in 0...prefix.count - 3 where prefix[start] == first && prefix[start + 1] == second {
      lower(Int(prefix[start + 2]), by: penalty)
    }
  }

  /// Subtracts from the score of a token.
  mutating func lower(_ token: Int, by amount: Float) {
    var scores = values
    changed = nil
    scores[token] -= amount
    changed = scores
  }

  /// The largest scores, the lower token first where they are equal.
  func top(_ wanted: Int) -> [(token: Int, value: Float)] {
    if let changed {
      return changed.withSpanOfFloats { Self.top(wanted, in: $0, from: 0, count: count) }
    }
    return all.withSpan { Self.top(wanted, in: $0, from: row * count, count: count) }
  }

  private static func top(
    _ wanted: Int, in span: Span<Float>, from start: Int, count: Int
  ) -> [(token: Int, value: Float)] {
    let wanted = min(wanted, count)
    var best: [(token: Int, value: Float)] = []
    best.reserveCapacity(wanted + 1)
    var least = -Float.infinity
    for token in 0..<count {
      let value = span[start + token]
      guard value > least || best.count < wanted else { continue }
      var place = best.count
      while place > 0, best[place - 1].value < value { place -= 1 }
      best.insert((token, value), at: place)
      if best.count > wanted { best.removeLast() }
      if best.count == wanted { least = best[wanted - 1].value }
    }
    return best
  }
}

extension [Float] {
  fileprivate func withSpanOfFloats<Result>(_ body: (Span<Float>) -> Result) -> Result {
    body(span)
  }
}
