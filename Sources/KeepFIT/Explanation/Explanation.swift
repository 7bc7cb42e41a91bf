import Foundation

/// Where an image speaks for a text or a class (a saliency map): a grid of non-negative numbers over the
/// prepared image.
public struct Explanation: Sendable, Codable {
  /// How the grid was found.
  public enum Method: String, Sendable, Codable {
    /// Gradient-weighted class activation of the score.
    case gradient
    /// What hiding each patch takes away from the score. Slow: a forward pass for each patch.
    case occlusion
  }

  /// The part of a prepared image that the photograph fills, from the upper left; the rest is padding.
  public struct Content: Sendable, Codable, Equatable {
    /// The share of the height, 0 to 1.
    public let height: Double
    /// The share of the width, 0 to 1.
    public let width: Double
    /// An image without padding.
    public static let whole = Content(height: 1, width: 1)

    /// Shares of the height and width, more than 0 and at most 1.
    public init(height: Double, width: Double) {
      precondition(0 < height && height <= 1 && 0 < width && width <= 1, "shares from 0 to 1")
      self.height = height
      self.width = width
    }
  }

  /// How the grid was found.
  public let method: Method
  /// The text, or the name of the class.
  public let text: String
  /// The texts or the class that the map contrasts it with; empty for the similarity alone.
  public let against: [String]
  /// The cosine similarity of the image and the text; nil for a classifier.
  public let similarity: Float?
  /// What the map explains: the cosine similarity less the mean of those to ``against``, or the
  /// difference of a classifier's logits.
  public let score: Float
  /// Rows of the grid h.
  public let rows: Int
  /// Columns of the grid w.
  public let columns: Int
  /// `[h, w]`, row-major, from 0 to 1: each number is divided by the largest. All zero when nothing
  /// speaks for the text, and zero on padding.
  public let map: [Float]
  /// The raw number that 1 of ``map`` stands for, in units of the score: with the gradient, what the
  /// strongest cell of the last stage adds to the score (Grad-CAM), as far as the finer stages agree;
  /// with occlusion, what hiding the patch takes away. Compare it between images of one model, text
  /// and method alone.
  public let maximum: Float
  /// The part of the prepared image that the photograph fills.
  public let content: Content
  /// The share of the evidence that lay on padding and was left out, 0 to 1.
  public let paddingShare: Float

  private enum CodingKeys: String, CodingKey {
    case method, text, against, similarity, score, rows, columns, map, maximum, content
    case paddingShare = "padding_share"
  }

  /// A map of evidence; negative numbers count as none, and so does what lies on padding.
  /// - `raw`: what the largest number stands for; nil for itself.
  /// - Throws: ``TransferError/invalid(_:)`` when a number is not finite.
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

  /// The grid with what it takes to resize it.
  var grid: EvidenceGrid { EvidenceGrid(map, rows: rows, columns: columns, content: content) }
}
