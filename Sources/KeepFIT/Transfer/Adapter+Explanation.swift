import Foundation

extension Adapter {
  /// A query for a saliency map of one of the adapter's classes.
  ///
  /// The score is the difference of the logits of the two classes; with several labels per image it is the logit
  /// of the label.
  /// - Parameters:
  ///   - label: the class to explain; nil for the predicted one, the class with the highest logit.
  ///   - other: the contrast class; nil for the one with the highest logit of the others.
  ///   - pixels: the image, `[S, S, 3]` or `[1, S, S, 3]`.
  ///   - model: the model that the adapter was fitted on.
  /// - Returns: the query, and the model whose feature maps explain it: that with the fine-tuned encoder if the
  ///   adapter has one.
  /// - Throws: ``TransferError`` for another model, an unknown class, or a contrast class that has no effect.
  public func query(
    for label: String? = nil, against other: String? = nil, pixels: Tensor,
    model: any ExplainableModel
  ) throws(TransferError) -> (query: Explanation.Query, model: any ExplainableModel) {
    guard let encoder = try encoder(for: model) as? any ExplainableModel else {
      throw .invalid("this model has no feature maps to explain")
    }
    func position(_ name: String) throws(TransferError) -> Int {
      guard let index = classes.firstIndex(of: name) else {
        throw .invalid(
          "the adapter has no class '\(name)', only "
            + classes.map { "'\($0)'" }.joined(separator: ", "))
      }
      return index
    }
    let scores = try logits(
      pixels.rank == 4 ? pixels : pixels.reshaped([1] + pixels.shape), model: model
    ).scalars
    func best(without left: Int?) -> Int {
      classes.indices.filter { $0 != left }.max { scores[$0] < scores[$1] } ?? 0
    }
    let explained = try label.map(position) ?? best(without: nil)
    guard thresholds == nil else {
      if other != nil {
        throw .invalid("labels of this adapter are independent of each other: there is no contrast")
      }
      return (
        Explanation.Query(
          label: classes[explained], index: explained, count: classes.count, projects: projects,
          logits: differentiableLogits), encoder
      )
    }
    let contrast = try other.map(position) ?? best(without: explained)
    guard contrast != explained else {
      throw .invalid("'\(classes[explained])' cannot be contrasted with itself")
    }
    return (
      Explanation.Query(
        classes: classes, predicted: explained, against: contrast, projects: projects,
        logits: differentiableLogits), encoder
    )
  }

  /// Logits of all classes, `[B, K]`, from features; differentiable with respect to the features.
  private func differentiableLogits(_ features: Tensor) -> Tensor {
    switch content {
    case .features(let classifier): classifier.differentiableLogits(features)
    case .tuned(_, let weight, let bias): linear(features, weight: weight, bias: bias)
    }
  }
}
