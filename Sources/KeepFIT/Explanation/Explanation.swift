import Foundation

/// A model whose last feature map can be looked at.
public protocol ExplainableModel: TransferModel {
  /// The activations of the last stage, `[B, h, w, F]`, whose mean over h and w are the raw
  /// features. Nothing is recorded.
  func lastStage(of pictures: Tensor) -> Tensor
}

/// Where a picture speaks for a text: a grid of non-negative numbers over the prepared picture.
public struct Explanation: Sendable, Codable {
  /// How the grid was found.
  public enum Method: String, Sendable, Codable {
    /// Gradient-weighted class activation of the image-text similarity.
    case gradient
    /// What hiding each patch takes away from the similarity. Slow: a forward pass for each patch.
    case occlusion
  }

  /// How the grid was found.
  public let method: Method
  /// The text.
  public let text: String
  /// The cosine similarity of the picture and the text.
  public let similarity: Float
  /// Rows of the grid h.
  public let rows: Int
  /// Columns of the grid w.
  public let columns: Int
  /// `[h, w]`, row-major, from 0 to 1: each number is divided by the largest. All zero when nothing
  /// speaks for the text.
  public let map: [Float]

  /// A grid of evidence; negative numbers count as none.
  init(
    method: Method, text: String, similarity: Float, rows: Int, columns: Int, evidence: [Float]
  ) {
    precondition(evidence.count == rows * columns, "\(evidence.count) numbers for the grid")
    let positive = evidence.map { max($0, 0) }
    let largest = positive.max() ?? 0
    self.method = method
    self.text = text
    self.similarity = similarity
    self.rows = rows
    self.columns = columns
    map = largest > 0 ? positive.map { $0 / largest } : positive
  }
}

// MARK: - Gradients

extension Explanation {
  /// Gradient-weighted class activation (Selvaraju et al., ICCV 2017) of the image-text similarity.
  ///
  /// With A `[h, w, F]` the last stage, x its mean over h and w, and c(x) the cosine of the
  /// projected x and the text: the map is `relu(Σ_f A_f ∂c/∂x_f)`. The mean makes the gradient with
  /// respect to A the same everywhere, so nothing below the projection head is differentiated.
  /// - `picture`: `[S, S, 3]`.
  /// - `textEmbedding`: `[D]`, of unit length.
  public static func gradientWeighted(
    _ picture: Tensor, text: String, textEmbedding: Tensor, model: any ExplainableModel
  ) -> Explanation {
    let stage = Autograd.withoutGradients {
      model.lastStage(of: picture.reshaped([1] + picture.shape))
    }
    let (rows, columns, width) = (stage.shape[1], stage.shape[2], stage.shape[3])
    let cells = stage.reshaped([rows * columns, width])
    let pooled = Parameter(cells.mean(axis: 0).reshaped([1, width]))
    let direction = textEmbedding.reshaped([1, -1])
    let similarity = Autograd.withGradients {
      let result = (model.projected(pooled.tensor) * direction).sum()
      result.backward()
      return result.item
    }
    guard let gradient = pooled.gradient else {
      preconditionFailure("the projection head passed no gradient on")
    }
    let evidence = Autograd.withoutGradients {
      matmul(cells, gradient, transposeB: true).scalars
    }
    return Explanation(
      method: .gradient, text: text, similarity: similarity, rows: rows, columns: columns,
      evidence: evidence)
  }
}

// MARK: - Occlusion

extension Explanation {
  /// What hiding a patch takes away from the similarity (Zeiler and Fergus, ECCV 2014): the slow
  /// check of ``gradientWeighted(_:text:textEmbedding:model:)``.
  ///
  /// - `picture`: `[S, S, 3]`.
  /// - `grid`: patches along a side. Each is twice as wide as its cell, and filled with the mean
  ///   colour of the picture.
  /// - `batchSize`: pictures of a forward pass.
  public static func occlusion(
    _ picture: Tensor, text: String, textEmbedding: Tensor, model: any TransferModel,
    grid: Int = 16, batchSize: Int = 8
  ) -> Explanation {
    precondition(grid > 0 && batchSize > 0, "a grid and a batch of at least one")
    let (height, width) = (picture.shape[0], picture.shape[1])
    let pixels = picture.scalars
    var mean: [Float] = [0, 0, 0]
    for index in pixels.indices { mean[index % 3] += pixels[index] }
    mean = mean.map { $0 / Float(height * width) }

    func similarities(_ pictures: Tensor) -> [Float] {
      Autograd.withoutGradients {
        let embeddings = model.projected(model.features(of: pictures))
        return matmul(embeddings, textEmbedding.reshaped([1, -1]), transposeB: true).scalars
      }
    }
    let whole = similarities(picture.reshaped([1] + picture.shape))[0]
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
      evidence += similarities(Tensor(hidden, shape: [cells.count, height, width, 3]))
        .map { whole - $0 }
    }
    return Explanation(
      method: .occlusion, text: text, similarity: whole, rows: grid, columns: grid,
      evidence: evidence)
  }

  private static func patch(_ index: Int, of grid: Int, size: Int) -> Range<Int> {
    let cell = Double(size) / Double(grid)
    let center = (Double(index) + 0.5) * cell
    return max(0, Int(center - cell))..<min(size, Int((center + cell).rounded(.up)))
  }
}

// MARK: - Numbers

extension Explanation {
  /// The map at the size of a picture, `[height, width]`, row-major: linear between the centres of
  /// the cells.
  public func resized(height: Int, width: Int) -> [Float] {
    func taps(_ position: Int, _ size: Int, _ cells: Int) -> (Int, Int, Float) {
      let place = (Float(position) + 0.5) * Float(cells) / Float(size) - 0.5
      let clamped = min(max(place, 0), Float(cells - 1))
      let low = Int(clamped)
      return (low, min(low + 1, cells - 1), clamped - Float(low))
    }
    let horizontal = (0..<width).map { taps($0, width, columns) }
    var result: [Float] = []
    result.reserveCapacity(height * width)
    for y in 0..<height {
      let (top, bottom, down) = taps(y, height, rows)
      for (left, right, across) in horizontal {
        let above = map[top * columns + left] * (1 - across) + map[top * columns + right] * across
        let below =
          map[bottom * columns + left] * (1 - across) + map[bottom * columns + right] * across
        result.append(above * (1 - down) + below * down)
      }
    }
    return result
  }

  /// The share of the map's mass that lies inside of a mask, 0 to 1; compare it with the share of
  /// the picture that the mask covers.
  /// - `mask`: `[height, width]`, row-major.
  public func massInside(_ mask: [Bool], height: Int, width: Int) -> Double {
    precondition(mask.count == height * width, "a mask of \(height)×\(width)")
    let values = resized(height: height, width: width)
    var inside = 0.0
    var total = 0.0
    for (value, isInside) in zip(values, mask) {
      total += Double(value)
      if isInside { inside += Double(value) }
    }
    return total > 0 ? inside / total : 0
  }

  /// The middle of the strongest cell, as shares of the picture's height and width from the top
  /// left; nil when nothing speaks for the text.
  public var peak: (row: Double, column: Double)? {
    guard let best = map.indices.max(by: { map[$0] < map[$1] }), map[best] > 0 else { return nil }
    return (
      (Double(best / columns) + 0.5) / Double(rows),
      (Double(best % columns) + 0.5) / Double(columns)
    )
  }

  /// How alike two maps are: the correlation of their values on the finer grid, -1 to 1.
  public func correlation(with other: Explanation) -> Double {
    let height = max(rows, other.rows)
    let width = max(columns, other.columns)
    let a = resized(height: height, width: width).map(Double.init)
    let b = other.resized(height: height, width: width).map(Double.init)
    let (meanA, meanB) = (PublishedArithmetic.mean(a), PublishedArithmetic.mean(b))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - meanA) * (y - meanB)
      aa += (x - meanA) * (x - meanA)
      bb += (y - meanB) * (y - meanB)
    }
    return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
  }
}
