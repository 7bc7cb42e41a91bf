extension Explanation {
  /// Stages that a map is drawn from, counted from the end. The first ones see edges, not findings.
  private static let stageCount = 3

  /// Gradient-weighted class activation of the image-text similarity.
  ///
  /// With c the cosine of the picture and the text, less its mean cosine with the other texts, and A
  /// `[h, w, F]` the activations of a stage:
  ///
  /// - the last stage gives `relu(Σ_f A_f · ∂c/∂A_f)` (Grad-CAM; Selvaraju et al., ICCV 2017): where
  ///   the text is supported, in coarse cells of a thirty-second of the picture;
  /// - the two before give `relu(Σ_f A_f · relu(∂c/∂A_f))` (LayerCAM; Jiang et al., IEEE TIP 2021):
  ///   finer, but sure of less.
  ///
  /// The map is the product of the three, each divided by its largest value, on the finest grid: a
  /// place counts when all of them agree.
  /// - `picture`: `[S, S, 3]`.
  public static func gradientWeighted(
    _ picture: Tensor, query: Query, model: any ExplainableModel
  ) -> Explanation {
    let stages = Autograd.withoutGradients {
      model.stages(of: picture.reshaped([1] + picture.shape))
    }
    let first = max(0, stages.count - stageCount)
    let (rows, columns) = (stages[first].shape[1], stages[first].shape[2])
    var evidence = [Float](repeating: 1, count: rows * columns)
    var similarity: Float = 0
    for stage in first..<stages.count {
      let leaf = Parameter(stages[stage])
      similarity = Autograd.withGradients {
        let embedding = model.embeddings(afterStage: stage, leaf.tensor)
        (embedding * query.direction.reshaped([1, -1])).sum().backward()
        return (embedding.detached * query.embedding.reshaped([1, -1])).sum().item
      }
      guard let gradient = leaf.gradient else {
        preconditionFailure("stage \(stage) received no gradient")
      }
      let isLast = stage == stages.count - 1
      let cells = Autograd.withoutGradients {
        (stages[stage] * (isLast ? gradient : gradient.relu())).sum(axis: -1).scalars
      }
      let map = Explanation(
        method: .gradient, query: query, similarity: similarity, rows: stages[stage].shape[1],
        columns: stages[stage].shape[2], evidence: cells)
      for (cell, value) in map.resized(height: rows, width: columns).enumerated() {
        evidence[cell] *= value
      }
    }
    return Explanation(
      method: .gradient, query: query, similarity: similarity, rows: rows, columns: columns,
      evidence: evidence)
  }
}
