import Foundation

/// Exact search in the embeddings of a file written by `keepfit embed`.
///
/// A million embeddings of dimension 512 take 2 GB, more than memory can deliver in a tenth of a second. The
/// first search of a large file therefore writes a companion file of a quarter of the size (`NAME.search`)
/// next to it, from which `InnerProductSearch` finds the exact result. An outdated companion file is
/// rewritten; if it cannot be written, it is kept in memory.
public struct EmbeddingIndex: Sendable {
  /// A search result.
  public struct Match: Sendable, Codable, Equatable {
    /// The row, counted from 0.
    public let index: Int
    /// The inner product, which is the cosine similarity for unit vectors such as the model's embeddings.
    public let score: Float
    /// The image or text of the row, if the file contains sources.
    public let source: String?
  }

  /// The rows.
  private let rows: InnerProductSearch
  /// The image or text of each row; empty if the file contains no sources.
  public let sources: [String]

  /// The number of rows N.
  public var count: Int { rows.rows.shape[0] }
  /// The embedding dimension D.
  public var width: Int { rows.rows.shape[1] }

  /// Creates an index of embeddings in memory.
  /// - Parameters:
  ///   - embeddings: `[N, D]`.
  ///   - sources: the image or text of each row, N or none.
  /// - Throws: ``TransferError/invalid(_:)`` when there are no embeddings or they are not finite.
  public init(_ embeddings: Tensor, sources: [String] = []) throws(TransferError) {
    guard embeddings.rank == 2, embeddings.count > 0 else {
      throw .invalid("cannot search embeddings of shape \(embeddings.shape)")
    }
    guard sources.isEmpty || sources.count == embeddings.shape[0] else {
      throw .invalid("\(sources.count) sources for \(embeddings.shape[0]) embeddings")
    }
    do {
      rows = try InnerProductSearch(embeddings)
    } catch {
      throw .invalid("the embeddings contain non-finite values")
    }
    self.sources = sources
  }

  /// Opens a file of embeddings.
  /// - Parameters:
  ///   - url: a safetensors file with a tensor `[N, D]`.
  ///   - name: the tensor to search.
  ///   - keepsCodes: whether a companion file may be read and written next to a large file.
  /// - Throws: `CheckpointError` when the file cannot be read; ``TransferError`` when it has no such tensor,
  ///   or the tensor is empty or not finite.
  public init(
    contentsOf url: URL, tensor name: String = "image_embeddings", keepsCodes: Bool = true
  ) throws {
    let file = try SafetensorsFile(contentsOf: url)
    guard let shape = file.shape(of: name) else {
      let names = file.names.map { "'\($0)'" }.joined(separator: ", ")
      throw TransferError.invalid(
        "\(url.relativePath): no tensor '\(name)' to search; the file contains \(names)")
    }
    guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw TransferError.invalid(
        "\(url.relativePath): '\(name)' must be a matrix, but has the shape \(shape)")
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
          "\(url.relativePath): '\(name)' contains non-finite values")
      }
      // In a read-only directory only the next search is slower.
      if keepsCodes, isLarge {
        try? rows.codes.write(to: companion, metadata: ["of": state], force: true)
      }
    }
    self.sources = sources
  }

  /// An identifier of the file's version: its size and modification time.
  private static func state(of url: URL, tensor: String) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
    let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(tensor) \(size) \(time)"
  }

  /// The sources of the rows, a JSON list in the metadata (`image_sources` for `image_embeddings`).
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

  /// The `count` rows most similar to a query of dimension D, most similar first.
  /// - Throws: ``TransferError/invalid(_:)`` when the query has another dimension or is not finite.
  public func search(_ query: [Float], count: Int) throws(TransferError) -> [Match] {
    guard query.count == width else {
      throw .invalid(
        "a query of dimension \(query.count) does not match embeddings of dimension \(width): "
          + "was the index built with another model?")
    }
    guard query.allSatisfy(\.isFinite) else {
      throw .invalid("the embedding of the query contains non-finite values")
    }
    return rows.search(query, count: count).map { match in
      Match(
        index: match.index, score: match.score,
        source: sources.isEmpty ? nil : sources[match.index])
    }
  }
}
