/// ROUGE-L of one sample: the longest common subsequence of words (Lin, 2004), β = 1.2.
enum ROUGEL {
  private static let beta = 1.2

  /// `(1 + β²) P R / (R + β² P)` with the largest precision and the largest recall over the references; 0
  /// if one of them is 0.
  /// - Parameters:
  ///   - hypothesis: its words, at least one (see ``ScoringTokens/partsBetweenSpaces(_:)``).
  ///   - references: theirs, at least one each.
  static func score(hypothesis: [Int32], references: [[Int32]]) -> Double {
    var precision = 0.0
    var recall = 0.0
    for reference in references {
      let common = Double(longestCommonSubsequence(hypothesis, reference))
      precision = max(precision, common / Double(hypothesis.count))
      recall = max(recall, common / Double(reference.count))
    }
    guard precision > 0, recall > 0 else { return 0 }
    let squared = beta * beta
    return (1 + squared) * precision * recall / (recall + squared * precision)
  }

  /// The length of the longest common subsequence, in memory for one row.
  private static func longestCommonSubsequence(_ first: [Int32], _ second: [Int32]) -> Int {
    var row = [Int](repeating: 0, count: second.count + 1)
    for word in first {
      var diagonal = 0
      for column in second.indices {
        let above = row[column + 1]
        row[column + 1] = word == second[column] ? diagonal + 1 : max(above, row[column])
        diagonal = above
      }
    }
    return row[second.count]
  }
}
