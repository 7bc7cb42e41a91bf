import Foundation

/// Linear probes for several labels per image: one logistic regression per label, with the settings of the
/// published probe (``LinearProbe``). Probabilities are sigmoids of the logits.
public struct LabelProbes: FeatureClassifier {
  /// `[K, D]`.
  public let weight: Tensor
  /// `[K]`.
  public let bias: Tensor

  /// Probes with given weights.
  public init(weight: Tensor, bias: Tensor) {
    precondition(weight.rank == 2 && bias.shape == [weight.shape[0]], "a bias for every label")
    self.weight = weight.detached
    self.bias = bias.detached
  }

  /// Fits a probe for each label.
  /// - Parameters:
  ///   - features: `[N, D]`.
  ///   - targets: `[N, K]`, whether each label applies; each must apply to some images and not to others.
  ///   - options: the settings of each fit.
  /// - Throws: ``TransferError`` as ``LinearProbe`` does.
  public static func fit(
    features: Tensor, targets: [[Bool]], options: LinearProbe.Options = .init()
  ) throws(TransferError) -> LabelProbes {
    let count = targets.first?.count ?? 0
    let probes = try (0..<count).map { label throws(TransferError) in
      try LinearProbe.fit(
        features: features, labels: targets.map { $0[label] ? 1 : 0 }, classCount: 2,
        options: options)
    }
    return LabelProbes(
      weight: Tensor(
        probes.flatMap { $0.weights.map(Float.init) }, shape: [count, features.shape[1]]),
      bias: Tensor(probes.map { Float($0.intercepts[0]) }, shape: [count]))
  }

  /// `x Wᵀ + b`, `[N, K]`.
  public func logits(_ features: Tensor) -> Tensor { linear(features, weight: weight, bias: bias) }
}
