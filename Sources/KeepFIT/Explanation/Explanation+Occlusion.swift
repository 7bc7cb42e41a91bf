import Foundation

extension Explanation {
  /// Occlusion sensitivity: the drop of the score when a patch is hidden (Zeiler and Fergus, ECCV 2014), a
  /// slow check of
  /// ``gradientWeighted(_:content:query:model:)``.
  ///
  /// - `image`: `[S, S, 3]`.
  /// - `content`: the part of the image that the photograph covers; patches on padding are skipped.
  /// - `grid`: patches per side. Each is twice as wide as its cell, and filled with the mean color of the
  ///   photograph.
  /// - `batchSize`: images per forward pass.
  /// - Throws: ``TransferError/invalid(_:)`` when the map is not finite.
  public static func occlusion(
    _ image: Tensor, content: Content = .whole, query: Query, model: any TransferModel,
    grid: Int = 16, batchSize: Int = 8
  ) throws(TransferError) -> Explanation {
    precondition(grid > 0 && batchSize > 0, "a grid and a batch of at least one")
    let (height, width) = (image.shape[0], image.shape[1])
    let filled = (
      rows: min(height, Int((content.height * Double(height)).rounded())),
      columns: min(width, Int((content.width * Double(width)).rounded()))
    )
    let pixels = image.scalars
    var mean: [Float] = [0, 0, 0]
    for y in 0..<filled.rows {
      for index in y * width * 3..<(y * width + filled.columns) * 3 {
        mean[index % 3] += pixels[index]
      }
    }
    mean = mean.map { $0 / Float(max(1, filled.rows * filled.columns)) }

    func features(_ images: Tensor) -> Tensor {
      Autograd.withoutGradients {
        let raw = model.features(of: images)
        return query.projects ? model.projected(raw) : raw
      }
    }
    func scores(_ features: Tensor) -> [Float] {
      Autograd.withoutGradients { query.score(features).scalars }
    }
    let unhidden = features(image.reshaped([1] + image.shape))
    let whole = scores(unhidden)[0]
    var evidence = EvidenceGrid(
      [Float](repeating: 0, count: grid * grid), rows: grid, columns: grid, content: content)
    let cells = (0..<grid * grid).filter {
      $0 / grid < evidence.contentRows && $0 % grid < evidence.contentColumns
    }
    for first in stride(from: 0, to: cells.count, by: batchSize) {
      let batch = Array(cells[first..<min(cells.count, first + batchSize)])
      var hidden: [Float] = []
      for cell in batch {
        var copy = pixels
        for y in Self.patch(cell / grid, of: grid, size: height) where y < filled.rows {
          for x in Self.patch(cell % grid, of: grid, size: width) where x < filled.columns {
            for channel in 0..<3 { copy[(y * width + x) * 3 + channel] = mean[channel] }
          }
        }
        hidden += copy
      }
      let shown = scores(features(Tensor(hidden, shape: [batch.count, height, width, 3])))
      for (cell, score) in zip(batch, shown) { evidence.values[cell] = whole - score }
    }
    return try Explanation(
      method: .occlusion, query: query, features: unhidden, evidence: evidence, content: content,
      paddingShare: 0)
  }

  private static func patch(_ index: Int, of grid: Int, size: Int) -> Range<Int> {
    let cell = Double(size) / Double(grid)
    let center = (Double(index) + 0.5) * cell
    return max(0, Int(center - cell))..<min(size, Int((center + cell).rounded(.up)))
  }
}
