import Foundation

/// A saliency map, which shows the regions of an image that support a text or a class: a grid of
/// non-negative values over the preprocessed image.
public struct Explanation: Sendable, Codable {
  /// The saliency method.
  public enum Method: String, Sendable, Codable {
    /// Gradient-weighted class activation of the score.
    case gradient
    /// Occlusion: the drop of the score when a patch is hidden. Slow: one forward pass per patch.
    case occlusion
  }

  /// The part of a preprocessed image that the photograph covers, from the upper left; the rest is padding.
  public struct Content: Sendable, Codable, Equatable {
    /// The fraction of the height, 0 to 1.
    public let height: Double
    /// The fraction of the width, 0 to 1.
    public let width: Double
    /// An image without padding.
    public static let whole = Content(height: 1, width: 1)

    /// Fractions of the height and width, more than 0 and at most 1.
    public init(height: Double, width: Double) {
      precondition(0 < height && height <= 1 && 0 < width && width <= 1, "fractions from 0 to 1")
      self.height = height
      self.width = width
    }
  }

  /// The saliency method.
  public let method: Method
  /// The text, or the name of the class.
  public let text: String
  /// The contrast texts or class; empty for the plain similarity.
  public let against: [String]
  /// The cosine similarity of the image and the text; nil for a classifier.
  public let similarity: Float?
  /// The explained score: the cosine similarity minus the mean of those to ``against``, or the difference
  /// of a classifier's logits.
  public let score: Float
  /// Rows of the grid h.
  public let rows: Int
  /// Columns of the grid w.
  public let columns: Int
  /// `[h, w]`, row-major, from 0 to 1: the values divided by the largest one. All zero if no region
  /// supports the text, and zero on padding.
  public let map: [Float]
  /// The raw value that corresponds to 1 in ``map``, in units of the score: with gradients, the contribution
  /// of the strongest cell of the last stage to the score (Grad-CAM), as far as the finer stages agree;
  /// with occlusion, the drop of the score. Comparable only between images of one model, text and method.
  public let maximum: Float
  /// The part of the preprocessed image that the photograph covers.
  public let content: Content
  /// The fraction of the saliency that was on padding and is left out, 0 to 1.
  public let paddingShare: Float

  private enum CodingKeys: String, CodingKey {
    case method, text, against, similarity, score, rows, columns, map, maximum, content
    case paddingShare = "padding_share"
  }

  /// A saliency map; negative values and those on padding are set to zero.
  /// - `raw`: the raw value of the largest one; nil for the value itself.
  /// - Throws: ``TransferError/invalid(_:)`` when a value is not finite.
  init(
    method: Method, query: Query, features: Tensor, evidence: EvidenceGrid, content: Content,
    maximum raw: Float? = nil, paddingShare: Float
  ) throws(TransferError) {
    let grid = evidence.onPhotograph()
    let score = Autograd.withoutGradients { query.score(features).item }
    let numbers = grid.values + [score, raw ?? 0]
    guard numbers.allSatisfy(\.isFinite) else {
      throw .invalid(
        "the saliency map for '\(query.text)' is not finite: a weight of the model or a value of the "
          + "image is NaN, infinite or too large")
    }
    self.method = method
    text = query.text
    against = query.against
    self.score = score
    similarity = Autograd.withoutGradients { query.similarity?(features).item }
    rows = grid.rows
    columns = grid.columns
    map = grid.scaled().values
    maximum = raw ?? grid.largest
    self.content = content
    self.paddingShare = paddingShare
  }

  /// The grid in a form that can be resized.
  var grid: EvidenceGrid { EvidenceGrid(map, rows: rows, columns: columns, content: content) }
}
