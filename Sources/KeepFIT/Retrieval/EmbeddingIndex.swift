import Foundation

/// Exact search among the embeddings of a file that `keepfit embed` wrote.
///
/// A file of a million rows of 512 numbers takes 2 GB, more than memory can deliver in a tenth of a
/// second. The first search of a large file therefore writes a quarter-size companion
/// (`NAME.search`) beside it, from which `InnerProductSearch` finds the exact answer. A companion
/// that is out of date is written anew; where none can be written, it is made in memory.
public struct EmbeddingIndex: Sendable {
  /// A found row.
  public struct Match: Sendable, Codable, Equatable {
    /// The row, counted from 0.
    public let index: Int
    /// The cosine similarity when embeddings and query have unit length, as the model makes them.
    public let score: Float
    /// The image or text of the row, when the file names them.
    public let source: String?
  }

  /// The rows.
  private let rows: InnerProductSearch
  /// The image or text of each row; empty when the file names none.
  public let sources: [String]

  /// The number of rows N.
  public var count: Int { rows.rows.shape[0] }
  /// The numbers of a row D.
  public var width: Int { rows.rows.shape[1] }

  /// Searches embeddings in memory.
  /// - Parameters:
  ///   - embeddings: `[N, D]`.
  ///   - sources: names for the rows, N or none.
  /// - Throws: ``TransferError/invalid(_:)`` when there are none or they are not finite.
  public init(_ embeddings: Tensor, sources: [String] = []) throws(TransferError) {
    guard embeddings.rank == 2, embeddings.count > 0 else {
      throw .invalid("there is nothing to search in embeddings of the shape \(embeddings.shape)")
    }
    guard sources.isEmpty || sources.count == embeddings.shape[0] else {
      throw .invalid("\(sources.count) names for \(embeddings.shape[0]) embeddings")
    }
    do {
      rows = try InnerProductSearch(embeddings)
    } catch {
      throw .invalid("the embeddings hold values that are not finite")
    }
    self.sources = sources
  }

  /// Opens a file of embeddings.
  /// - Parameters:
  ///   - url: a safetensors file with a tensor `[N, D]`.
  ///   - name: the tensor to search.
  ///   - keepsCodes: whether a companion file may be read and written beside a large file.
  /// - Throws: `CheckpointError` when the file cannot be read; ``TransferError`` when it has no
  ///   such tensor, or it is empty or not finite.
  public init(
    contentsOf url: URL, tensor name: String = "image_embeddings", keepsCodes: Bool = true
  ) throws {
    let file = try SafetensorsFile(contentsOf: url)
    guard let shape = file.shape(of: name) else {
      let names = file.names.map { "'\($0)'" }.joined(separator: ", ")
      throw TransferError.invalid(
        "\(url.relativePath): no tensor '\(name)' to search; the file holds \(names)")
    }
    guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw TransferError.invalid(
        "\(url.relativePath): '\(name)' must be [rows, numbers], it is \(shape)")
    }
    let sources = try Self.sources(of: file, tensor: name)
    guard sources.isEmpty || sources.count == shape[0] else {
      throw TransferError.invalid(
        "\(url.relativePath): \(sources.count) sources for \(shape[0]) rows of '\(name)'")
    }
    let embeddings = try file.tensor(named: name)
    let isLarge = embeddings.count >= 1 << 22
    let companion = url.deletingLastPathComponent()
      .appendingPathComponent(url.lastPathComponent + ".search")
    let state = Self.state(of: url, tensor: name)
    if keepsCodes, isLarge, let kept = try? SafetensorsFile(contentsOf: companion),
      kept.metadata["of"] == state,
      let codes = try? InnerProductSearch.Codes(kept, count: shape[0], width: shape[1])
    {
      rows = InnerProductSearch(embeddings, codes: codes)
    } else {
      do {
        rows = try InnerProductSearch(embeddings)
      } catch {
        throw TransferError.invalid(
          "\(url.relativePath): '\(name)' holds values that are not finite")
      }
      // A read-only directory costs time at the next search, nothing else.
      if keepsCodes, isLarge {
        try? rows.codes.write(to: companion, metadata: ["of": state], force: true)
      }
    }
    self.sources = sources
  }

  /// What tells a file from a changed one: its size and the time of its last change.
  private static func state(of url: URL, tensor: String) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
    let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(tensor) \(size) \(time)"
  }

  /// The names of the rows, a JSON list in the metadata (`image_sources` for `image_embeddings`).
  private static func sources(of file: SafetensorsFile, tensor: String) throws -> [String] {
    let stem = tensor.replacingOccurrences(of: "_embeddings", with: "")
    for key in ["\(stem)_sources", "\(stem)s", "\(stem)_paths", "sources"] {
      guard let text = file.metadata[key] else { continue }
      if let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) {
        return names
      }
    }
    return []
  }

  /// The `count` rows that are most similar to a query of D numbers, most similar first.
  /// - Throws: ``TransferError/invalid(_:)`` when the query has another width or is not finite.
  public func search(_ query: [Float], count: Int) throws(TransferError) -> [Match] {
    guard query.count == width else {
      throw .invalid(
        "a query of \(query.count) numbers cannot be compared with embeddings of \(width): "
          + "was the index made with another model?")
    }
    guard query.allSatisfy(\.isFinite) else {
      throw .invalid("the query's embedding holds values that are not finite")
    }
    return rows.search(query, count: count).map { match in
      Match(
        index: match.index, score: match.score,
        source: sources.isEmpty ? nil : sources[match.index])
    }
  }
}
