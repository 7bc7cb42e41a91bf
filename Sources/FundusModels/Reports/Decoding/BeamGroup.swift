/// An unfinished hypothesis of beam search.
struct Beam {
  /// Its row in the last call of the model.
  var row: Int
  var tokens: [Int32]
  /// The sum of the model's own log-probabilities.
  var logProbability = 0.0
  /// The sum of scores that finished reports are ranked by; 1000 lower for each time it has ended.
  var ranking = 0.0
  /// The sum of scores by which prefixes compete: the same minus the diversity penalty.
  var selection = 0.0
}

/// The prefixes of one study that compete with each other, and the reports that they have led to.
///
/// The published algorithm, step by step: the best `size` continuations of all prefixes are kept; one that
/// ends is recorded as finished, and keeps competing with its score lowered by 1000; at the last step all are
/// finished. Sums are in double precision; ties are resolved by the earlier prefix, then by the lower token.
struct BeamGroup {
  private let decoding: ReportDecoding
  let size: Int
  private(set) var beams: [Beam]
  /// The best finished reports, best first, at most `size`.
  private(set) var done: [DecodedReport] = []

  /// The score penalty of a finished prefix.
  static let endingPenalty = 1000.0

  /// - Parameter row: of the empty prefix in the first call of the model.
  init(_ decoding: ReportDecoding, size: Int, row: Int) {
    self.decoding = decoding
    self.size = size
    beams = [Beam(row: row, tokens: [])]
  }

  /// Chooses the continuations of a step.
  /// - Parameters:
  ///   - all: the log-probabilities of all rows.
  ///   - step: counted from 0.
  ///   - chosen: how many beams of earlier groups have chosen each token at this step.
  ///   - strength: the penalty of a token's score for each of them.
  /// - Returns: whether all scores were numbers.
  mutating func advance(
    _ all: Tensor, step: Int, chosen: [Int32: Int] = [:], strength: Double = 0
  ) -> Bool {
    var candidates: [(beam: Int, token: Int, selection: Double)] = []
    var scores: [TokenScores] = []
    for (index, beam) in beams.enumerated() {
      var own = TokenScores(all, row: beam.row)
      guard own.isValid else { return false }
      if step > 0 { own.apply(temperature: decoding.temperature) }
      own.apply(decoding, prefix: beam.tokens)
      var diverse = own
      for (token, count) in chosen { diverse.lower(Int(token), by: Float(strength) * Float(count)) }
      for (token, value) in diverse.top(size) {
        candidates.append((index, token, beam.selection + Double(value)))
      }
      scores.append(own)
    }
    candidates.sort {
      ($1.selection, $0.beam, $0.token) < ($0.selection, $1.beam, $1.token)
    }
    let isLast = step + 1 >= decoding.maximumLength
    beams = candidates.prefix(size).map { candidate in
      var beam = beams[candidate.beam]
      beam.tokens.append(Int32(candidate.token))
      beam.logProbability += Double(scores[candidate.beam].raw(candidate.token))
      beam.ranking += Double(scores[candidate.beam].value(candidate.token))
      beam.selection = candidate.selection
      if candidate.token == 0 || isLast {
        finish(beam)
        beam.ranking -= Self.endingPenalty
        beam.selection -= Self.endingPenalty
      }
      return beam
    }
    return true
  }

  private mutating func finish(_ beam: Beam) {
    let report = DecodedReport(
      tokens: beam.tokens, logProbability: beam.logProbability,
      score: decoding.lengthPenalty.applied(to: beam.ranking, length: beam.tokens.count))
    let place = done.firstIndex { $0.score < report.score } ?? done.count
    done.insert(report, at: place)
    if done.count > size { done.removeLast() }
  }

  /// Whether no prefix can lead to a report that is better than those that are done: a score only falls
  /// as words are added, and a length penalty divides it by no more than at one end of what is left.
  var isSettled: Bool {
    guard done.count == size, let worst = done.last?.score else { return false }
    let divisor = max(
      decoding.lengthPenalty.divisor((beams.first?.tokens.count ?? 0) + 1),
      decoding.lengthPenalty.divisor(decoding.maximumLength))
    return beams.allSatisfy { min(0, $0.ranking) / divisor <= worst }
  }

  /// Notes the rows that the prefixes have in the next call of the model.
  mutating func assignRows(from first: Int) {
    for index in beams.indices { beams[index].row = first + index }
  }
}
