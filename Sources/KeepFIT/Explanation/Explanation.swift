import Foundation

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
  /// The texts that the map contrasts it with; empty for the similarity alone.
  public let against: [String]
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
    method: Method, query: Query, similarity: Float, rows: Int, columns: Int, evidence: [Float]
  ) {
    precondition(evidence.count == rows * columns, "\(evidence.count) numbers for the grid")
    let positive = evidence.map { max($0, 0) }
    let largest = positive.max() ?? 0
    self.method = method
    text = query.text
    against = query.against
    self.similarity = similarity
    self.rows = rows
    self.columns = columns
    map = largest > 0 ? positive.map { $0 / largest } : positive
  }
}
