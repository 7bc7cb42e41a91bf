/// The published beam search to the letter, for comparison: no early end, no cache, everything sorted.
struct NaiveBeamSearch {
  var size: Int
  var length: Int
  /// The natural logarithms of the probabilities of the next token, for each of the prefixes.
  var scores: ([[Int32]]) -> [[Float]]

  struct Entry {
    var tokens: [Int32]
    var score: Double
  }

  /// The best finished sequences, and the smallest difference between a candidate that was taken and
  /// one that was not, or between two that were: whether rounding could have changed anything.
  func run() -> (best: [Entry], closest: Double) {
    var beams = [Entry(tokens: [], score: 0)]
    var done: [Entry] = []
    var closest = Double.infinity
    for step in 0..<length {
      var candidates: [Entry] = []
      for (beam, row) in zip(beams, scores(beams.map { [0] + $0.tokens })) {
        for (token, value) in row.enumerated() {
          candidates.append(
            Entry(tokens: beam.tokens + [Int32(token)], score: beam.score + Double(value)))
        }
      }
      candidates.sort { $0.score > $1.score }
      for index in 1..<min(size + 1, candidates.count) {
        closest = min(closest, candidates[index - 1].score - candidates[index].score)
      }
      beams = Array(candidates.prefix(size))
      for index in beams.indices where beams[index].tokens.last == 0 || step == length - 1 {
        done.append(beams[index])
        beams[index].score -= 1000
      }
    }
    done.sort { $0.score > $1.score }
    for index in 1..<min(size + 1, done.count) {
      closest = min(closest, done[index - 1].score - done[index].score)
    }
    return (Array(done.prefix(size)), closest)
  }
}
