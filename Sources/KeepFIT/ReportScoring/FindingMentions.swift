/// The findings that a text states or negates.
public struct FindingMentions: Sendable, Equatable {
  /// Findings that the text states, even if it negates them elsewhere.
  public internal(set) var affirmed: Set<String> = []
  /// Findings that the text only negates.
  public internal(set) var negated: Set<String> = []
}

extension FindingLexicon {
  /// Searches a text for findings, stated or negated.
  ///
  /// The longest term wins where several overlap. Words such as "no" negate the next finding within six words
  /// of their sentence, and those that follow it within four words each; words such as "was not seen" negate
  /// the finding within four words before them, and those that precede it within two words each. A word such
  /// as "but" ends a negation (after Chapman et al., NegEx, 2001).
  public func findings(in text: String) -> FindingMentions {
    var mentions = FindingMentions()
    for sentence in FindingText.sentences(of: text) {
      for mention in self.mentions(in: sentence) {
        for finding in mention.findings {
          let names = [findings[finding].name] + findings[finding].implies
          if mention.isNegated {
            mentions.negated.formUnion(names)
          } else {
            mentions.affirmed.formUnion(names)
          }
        }
      }
    }
    mentions.negated.subtract(mentions.affirmed)
    return mentions
  }

  /// A term in a sentence.
  private struct Mention {
    let range: Range<Int>
    let findings: [Int]
    var isNegated = false
  }

  private static let reachBefore = 6
  private static let gapAfterNegation = 4
  private static let reachAfter = 4
  private static let gapBeforeNegation = 2
  private static let connectors: Set<String> = ["and", "or", "nor"]
  private static let verbs: Set<String> = ["is", "are", "was", "were", "has", "have"]

  private func mentions(in sentence: FindingText.Sentence) -> [Mention] {
    let words = sentence.words
    var mentions: [Mention] = []
    var isTaken = [Bool](repeating: false, count: words.count)
    var start = 0
    while start < words.count {
      if let (length, findings) = index.longest(in: words, at: start) {
        mentions.append(Mention(range: start..<start + length, findings: findings))
        for place in start..<start + length { isTaken[place] = true }
        start += length
      } else {
        start += 1
      }
    }
    guard !mentions.isEmpty else { return [] }
    let ignored = Self.places(of: negation.ignored, in: words, except: isTaken)
    for range in ignored { for place in range { isTaken[place] = true } }
    let ends = Self.places(of: negation.ends, in: words, except: isTaken).map(\.lowerBound)
    for range in Self.places(of: negation.after, in: words, except: isTaken)
    where negateBefore(range, &mentions, ends: ends) {
      for place in range { isTaken[place] = true }
    }
    for range in Self.places(of: negation.before, in: words, except: isTaken) {
      negateAfter(range, &mentions, sentence, ends: ends)
    }
    return mentions
  }

  /// Where patterns lie, the longest first at each place and none in another.
  private static func places(
    of patterns: [FindingPattern], in words: [String], except isTaken: [Bool]
  ) -> [Range<Int>] {
    var places: [Range<Int>] = []
    var start = 0
    while start < words.count {
      let length = patterns.filter { $0.matches(words, at: start) }.map(\.words.count).max() ?? 0
      let range = start..<start + length
      if length > 0, !range.contains(where: { isTaken[$0] }) {
        places.append(range)
        start += length
      } else {
        start += 1
      }
    }
    return places
  }

  /// Negates the findings before words such as "was not seen"; false if there are none.
  private func negateBefore(
    _ range: Range<Int>, _ mentions: inout [Mention], ends: [Int]
  ) -> Bool {
    var limit = range.lowerBound
    var reach = Self.reachAfter
    var found = false
    for index in mentions.indices.reversed() where mentions[index].range.upperBound <= limit {
      let gap = mentions[index].range.upperBound..<limit
      guard gap.count <= reach, !ends.contains(where: gap.contains) else { break }
      mentions[index].isNegated = true
      found = true
      limit = mentions[index].range.lowerBound
      reach = Self.gapBeforeNegation
    }
    return found
  }

  /// Negates the findings after words such as "no".
  private func negateAfter(
    _ range: Range<Int>, _ mentions: inout [Mention], _ sentence: FindingText.Sentence, ends: [Int]
  ) {
    var limit = range.upperBound
    var reach = Self.reachBefore
    for index in mentions.indices where mentions[index].range.lowerBound >= limit {
      let term = mentions[index].range
      let gap = limit..<term.lowerBound
      guard gap.count <= reach, !ends.contains(where: gap.contains) else { return }
      // After a comma, "drusen were seen" is a separate statement.
      let next = term.upperBound < sentence.words.count ? sentence.words[term.upperBound] : ""
      if limit > range.upperBound, Self.verbs.contains(next),
        (gap.lowerBound...gap.upperBound).contains(where: sentence.commas.contains),
        !gap.contains(where: { Self.connectors.contains(sentence.words[$0]) })
      {
        return
      }
      mentions[index].isNegated = true
      limit = term.upperBound
      reach = Self.gapAfterNegation
    }
  }
}
