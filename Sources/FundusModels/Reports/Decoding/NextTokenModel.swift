import FundusTensor

/// The model that decoding searches: log-probabilities of the next token given a prefix.
///
/// All prefixes of a call have the same length. The first call starts one prefix per study; every later call
/// continues prefixes of the previous one, some of them several times, others not at all.
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
