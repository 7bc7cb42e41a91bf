/// The word alignment of METEOR 1.5 (Denkowski and Lavie, 2014) with its modules exact and stem.
///
/// A beam search over the words of the reference, which keeps the program's own order among equal paths
/// and its rounding: scores depend on which of several equally good alignments is taken.
package struct METEORAligner {
  /// How two words match.
  enum Stage: Int, Sendable {
    case exact, stem

    /// What a match counts for in the search: twice the weight of its stage without the fraction.
    var searchWeight: Int { self == .exact ? 2 : 0 }
  }

  /// A word of the hypothesis matched with one of the reference, by position.
  struct Match: Sendable {
    let hypothesis: Int
    let reference: Int
    let stage: Stage
  }

  private static let beamSize = 40

  private struct Candidate {
    let hypothesis: Int
    let stage: Stage
  }

  /// What paths are ranked by: most weight, then fewest chunks, then the shortest distance.
  private struct Rank {
    var weight = 0
    var chunks = 0
    var distance = 0

    func precedes(_ other: Rank) -> Bool {
      (-weight, chunks, distance) < (-other.weight, other.chunks, other.distance)
    }
  }

  private struct Path {
    var rank = Rank()
    /// The position after the last matched word of the hypothesis; nil after an unmatched word of the
    /// reference.
    var end: Int?
    /// The last match in the list of all; nil for none.
    var last: Int?
    /// One bit a word of the hypothesis.
    var used: [UInt64]

    func isUsed(_ word: Int) -> Bool { used[word >> 6] >> UInt64(word & 63) & 1 == 1 }
  }

  /// A path that is one word longer, before it is known whether it stays in the beam.
  private struct Extension {
    let rank: Rank
    let parent: Int
    let candidate: Candidate?
    let end: Int?
  }

  /// The matches in the order of the reference.
  /// - Parameters:
  ///   - hypothesis: words and stems as numbers, equal where the words or stems are.
  ///   - reference: the same of the reference.
  static func align(
    hypothesis: (words: [Int32], stems: [Int32]), reference: (words: [Int32], stems: [Int32])
  ) -> [Match] {
    let candidates = candidates(hypothesis, reference)
    let fixed = fixedPositions(candidates, hypothesisCount: hypothesis.words.count)
    var paths = [
      Path(used: [UInt64](repeating: 0, count: (hypothesis.words.count + 63) / 64))
    ]
    var matches: [(match: Match, previous: Int?)] = []
    for (position, choices) in candidates.enumerated() {
      let extensions = beam(paths, choices, at: position, isFixed: fixed[position])
      paths = extensions.map { next in
        var path = paths[next.parent]
        path.rank = next.rank
        path.end = next.end
        if let candidate = next.candidate {
          path.used[candidate.hypothesis >> 6] |= 1 << UInt64(candidate.hypothesis & 63)
          let match = Match(
            hypothesis: candidate.hypothesis, reference: position, stage: candidate.stage)
          matches.append((match, path.last))
          path.last = matches.count - 1
        }
        return path
      }
    }
    // A run of matches that is still open counts as well; among equals, the order of the beam decides.
    var best: Path?
    for var path in paths {
      if path.end != nil { path.rank.chunks += 1 }
      if best.map({ path.rank.precedes($0.rank) }) ?? true { best = path }
    }
    var result: [Match] = []
    var index = best?.last
    while let current = index {
      result.append(matches[current].match)
      index = matches[current].previous
    }
    return result.reversed()
  }

  /// The best extensions of the paths by one word of the reference, best first.
  private static func beam(
    _ paths: [Path], _ choices: [Candidate], at position: Int, isFixed: Bool
  ) -> [Extension] {
    var beam: [Extension] = []
    beam.reserveCapacity(beamSize + 1)
    /// Keeps the best so far; among equals, those that came first.
    func offer(_ next: Extension) {
      if beam.count == beamSize, !next.rank.precedes(beam[beamSize - 1].rank) { return }
      let place = beam.lastIndex { !next.rank.precedes($0.rank) }.map { $0 + 1 } ?? 0
      beam.insert(next, at: place)
      if beam.count > beamSize { beam.removeLast() }
    }
    func matched(_ path: Path, _ rank: Rank, _ candidate: Candidate, parent: Int) -> Extension {
      var rank = rank
      rank.weight += candidate.stage.searchWeight
      if let end = path.end, end != candidate.hypothesis { rank.chunks += 1 }
      return Extension(
        rank: rank, parent: parent, candidate: candidate, end: candidate.hypothesis + 1)
    }
    for (parent, path) in paths.enumerated() {
      var rank = path.rank
      if isFixed {
        rank.distance += abs(choices[0].hypothesis - position)
        offer(matched(path, rank, choices[0], parent: parent))
        continue
      }
      for candidate in choices where !path.isUsed(candidate.hypothesis) {
        offer(matched(path, rank, candidate, parent: parent))
        // The original adds the distance to the path that it has just copied, so that it counts for
        // every later branch but not for this one.
        rank.distance += abs(candidate.hypothesis - position)
      }
      if path.end != nil { rank.chunks += 1 }
      offer(Extension(rank: rank, parent: parent, candidate: nil, end: nil))
    }
    return beam
  }

  /// For each word of the reference, the words of the hypothesis that it may match, exact ones first.
  private static func candidates(
    _ hypothesis: (words: [Int32], stems: [Int32]), _ reference: (words: [Int32], stems: [Int32])
  ) -> [[Candidate]] {
    let byWord = Dictionary(grouping: hypothesis.words.indices) { hypothesis.words[$0] }
    let byStem = Dictionary(grouping: hypothesis.stems.indices) { hypothesis.stems[$0] }
    return reference.words.indices.map { position in
      let word = reference.words[position]
      let exact = (byWord[word] ?? []).map { Candidate(hypothesis: $0, stage: .exact) }
      let stem = (byStem[reference.stems[position]] ?? [])
        .filter { hypothesis.words[$0] != word }
        .map { Candidate(hypothesis: $0, stage: .stem) }
      return exact + stem
    }
  }

  /// The words of the reference whose only candidate is the candidate of no other word.
  private static func fixedPositions(
    _ candidates: [[Candidate]], hypothesisCount: Int
  ) -> [Bool] {
    var uses = [Int](repeating: 0, count: hypothesisCount)
    for choices in candidates {
      for candidate in choices { uses[candidate.hypothesis] += 1 }
    }
    return candidates.map { $0.count == 1 && uses[$0[0].hypothesis] == 1 }
  }
}
