import FundusTensor

/// What decoding searches: the log-probabilities of the next token after prefixes.
///
/// All prefixes of a call have the same length. The first call begins one prefix a study; every later
/// one continues prefixes of the call before it, some of them several times, others not at all.
public protocol NextTokenModel {
  /// V', the number of tokens; 0 ends a text.
  var tokenCount: Int { get }

  /// Continues prefixes by a token each.
  ///
  /// - Parameters:
  ///   - parents: the row of each prefix in the call before; in the first call its study.
  ///   - tokens: what is appended; 0 in the first call.
  /// - Returns: `[R, V']`, the natural logarithms of the probabilities of the token after that. A row
  ///   may not depend on the other rows.
  mutating func logProbabilities(parents: [Int], tokens: [Int32]) throws -> Tensor
}
