extension Explanation {
  /// The number of last stages that a map combines. Earlier stages respond to edges, not findings.
  private static let stageCount = 3

  /// Gradient-weighted class activation of a score.
  ///
  /// With c the score of the image (the cosine similarity to a text minus the mean of those to the contrast
  /// texts, or a difference of a classifier's logits), and A `[h, w, F]` the activations of a stage:
  ///
  /// - the last stage gives `relu(Σ_f A_f · ∂c/∂A_f)` (Grad-CAM; Selvaraju et al., ICCV 2017): where the
  ///   text is supported, at a resolution of 1/32 of the image;
  /// - the two stages before give `relu(Σ_f A_f · relu(∂c/∂A_f))` (LayerCAM; Jiang et al., IEEE TIP 2021):
  ///   finer, but less reliable.
  ///
  /// The map is the product of the three, each divided by its maximum on the photograph, on the finest
  /// grid: a location is salient if all of them agree. Cells on padding are ignored.
  /// - `image`: `[S, S, 3]`.
  /// - `content`: the part of the image that the photograph covers.
  /// - Throws: ``TransferError/invalid(_:)`` when the map is not finite.
  public static func gradientWeighted(
    _ image: Tensor, content: Content = .whole, query: Query, model: any ExplainableModel
  ) throws(TransferError) -> Explanation {
    let stages = Autograd.withoutGradients {
      model.stages(of: image.reshaped([1] + image.shape))
    }
    let first = max(0, stages.count - stageCount)
    let (rows, columns) = (stages[first].shape[1], stages[first].shape[2])
    var evidence = [Float](repeating: 1, count: rows * columns)
    var (strength, paddingShare): (Float, Float) = (0, 0)
    var features = Tensor(zeros: [1, 1])
    for stage in first..<stages.count {
      let leaf = Parameter(stages[stage])
      features = Autograd.withGradients {
        let features = model.features(
          afterStage: stage, leaf.tensor, projected: query.projects)
        query.score(features).sum().backward()
        return features.detached
      }
      guard let gradient = leaf.gradient else {
        preconditionFailure("stage \(stage) received no gradient")
      }
      let isLast = stage == stages.count - 1
      let cells = Autograd.withoutGradients {
        (stages[stage] * (isLast ? gradient : gradient.relu())).sum(axis: -1).scalars
      }
      let grid = EvidenceGrid(
        cells, rows: stages[stage].shape[1], columns: stages[stage].shape[2], content: content)
      let shown = grid.onPhotograph()
      if isLast { (strength, paddingShare) = (shown.largest, grid.paddingShare) }
      for (cell, value) in shown.scaled().resized(height: rows, width: columns).enumerated() {
        evidence[cell] *= value
      }
    }
    let product = EvidenceGrid(evidence, rows: rows, columns: columns, content: content)
    return try Explanation(
      method: .gradient, query: query, features: features, evidence: product, content: content,
      maximum: product.onPhotograph().largest * strength, paddingShare: paddingShare)
  }
}
