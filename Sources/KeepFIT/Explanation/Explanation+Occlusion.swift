import Foundation

extension Explanation {
  /// What hiding a patch takes away from the similarity (Zeiler and Fergus, ECCV 2014), less what it
  /// takes from the other texts': the slow check of ``gradientWeighted(_:query:model:)``.
  ///
  /// - `picture`: `[S, S, 3]`.
  /// - `grid`: patches along a side. Each is twice as wide as its cell, and filled with the mean
  ///   colour of the picture.
  /// - `batchSize`: pictures of a forward pass.
  public static func occlusion(
    _ picture: Tensor, query: Query, model: any TransferModel, grid: Int = 16, batchSize: Int = 8
  ) -> Explanation {
    precondition(grid > 0 && batchSize > 0, "a grid and a batch of at least one")
    let (height, width) = (picture.shape[0], picture.shape[1])
    let pixels = picture.scalars
    var mean: [Float] = [0, 0, 0]
    for index in pixels.indices { mean[index % 3] += pixels[index] }
    mean = mean.map { $0 / Float(height * width) }

    func embeddings(_ pictures: Tensor) -> Tensor {
      Autograd.withoutGradients { model.projected(model.features(of: pictures)) }
    }
    func products(_ embeddings: Tensor, _ direction: Tensor) -> [Float] {
      Autograd.withoutGradients {
        matmul(embeddings, direction.reshaped([1, -1]), transposeB: true).scalars
      }
    }
    let unhidden = embeddings(picture.reshaped([1] + picture.shape))
    let whole = products(unhidden, query.direction)[0]
    var evidence: [Float] = []
    for first in stride(from: 0, to: grid * grid, by: batchSize) {
      let cells = first..<min(grid * grid, first + batchSize)
      var hidden: [Float] = []
      for cell in cells {
        var copy = pixels
        for y in Self.patch(cell / grid, of: grid, size: height) {
          for x in Self.patch(cell % grid, of: grid, size: width) {
            for channel in 0..<3 { copy[(y * width + x) * 3 + channel] = mean[channel] }
          }
        }
        hidden += copy
      }
      let shown = embeddings(Tensor(hidden, shape: [cells.count, height, width, 3]))
      evidence += products(shown, query.direction).map { whole - $0 }
    }
    return Explanation(
      method: .occlusion, query: query, similarity: products(unhidden, query.embedding)[0],
      rows: grid, columns: grid, evidence: evidence)
  }

  private static func patch(_ index: Int, of grid: Int, size: Int) -> Range<Int> {
    let cell = Double(size) / Double(grid)
    let center = (Double(index) + 0.5) * cell
    return max(0, Int(center - cell))..<min(size, Int((center + cell).rounded(.up)))
  }
}
