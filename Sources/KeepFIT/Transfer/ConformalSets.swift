import Foundation

/// Split conformal prediction (Vovk et al., 2005; Sadinle, Lei and Wasserman, 2019): sets of classes that
/// contain the true one with a chosen probability.
///
/// A class is in the set of an image if its probability is at least a limit, a quantile of the true classes'
/// probabilities on validation images. If validation images and new images are exchangeable (drawn at
/// random from the same population, one per patient), the sets contain the true class with a probability of
/// at least 1 - α, on average over images and not for each class, whatever the classifier.
public struct ConformalSets: Sendable, Equatable {
  /// The accepted error rate α, 0 to 1.
  public let errorRate: Double
  /// Classes with at least this probability are in the set.
  public let limit: Double

  /// The limit from validation images.
  /// - Parameters:
  ///   - trueProbabilities: the probability of the true class of each validation image.
  ///   - errorRate: the accepted error rate α, between 0 and 1.
  /// - Throws: ``TransferError/invalid(_:)`` when there are fewer than 1/α - 1 validation images, too few for
  ///   any guarantee.
  public init(trueProbabilities: [Float], errorRate: Double) throws(TransferError) {
    precondition(errorRate > 0 && errorRate < 1, "an error rate between 0 and 1")
    let count = trueProbabilities.count
    // Tolerance for rounding: 0.9 of 10 must be 9.
    let rank = Int((Double(count + 1) * (1 - errorRate) - 1e-9).rounded(.up))
    guard rank <= count else {
      throw .invalid(
        "an error rate of \(errorRate) needs at least \(Int((1 / errorRate - 1 - 1e-9).rounded(.up))) "
          + "validation images, and the adapter has \(count)")
    }
    self.errorRate = errorRate
    // The rank-th smallest of 1 - p is that of the rank-th largest p.
    limit = Double(trueProbabilities.sorted(by: >)[max(0, rank - 1)])
  }

  /// The classes of an image's set, most probable first. The most probable one is always in the set.
  /// - `probabilities`: `[K]`.
  public func set(_ probabilities: [Float]) -> [Int] {
    let order = probabilities.indices.sorted {
      (probabilities[$1], $0) < (probabilities[$0], $1)
    }
    return order.enumerated().filter { $0 == 0 || Double(probabilities[$1]) >= limit }
      .map(\.element)
  }
}
