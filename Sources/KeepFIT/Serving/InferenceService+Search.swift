import Foundation

extension InferenceService {
  private func searchIndex() throws(ServiceError) -> EmbeddingIndex {
    guard let index = settings.index else {
      throw ServiceError(404, "this server has no index: start it with --index FILE")
    }
    return index
  }

  /// `POST /api/search` with an image, or either method with `text`.
  func search(_ request: ServiceRequest) throws -> ServiceResponse {
    let index = try searchIndex()
    let parameters = try RequestParameters(request)
    try parameters.allow(["text", "count"])
    let count = try parameters.integer("count", in: 1...settings.limits.matches) ?? 6
    let text = try parameters.one("text", limit: settings.limits.textLength)
    guard (text == nil) != (parameters.image == nil) else {
      throw ServiceError(400, "give either an image or 'text' to search for")
    }
    let query: Tensor
    if let text {
      guard !text.allSatisfy(\.isWhitespace) else { throw ServiceError(400, "'text' is empty") }
      query = model.textEmbeddings([text])
    } else {
      let pixels = try preprocessing.prepare(decoding: image(of: parameters), name: "image")
      query = model.imageEmbeddings(pixels.reshaped([1] + pixels.shape))
    }
    let matches = try index.search(query.scalars, count: min(count, index.count))
    return .json(
      .object([
        .init(
          "matches",
          .array(
            matches.map { match in
              .object([
                .init("index", .integer(match.index)), .init("score", .float(match.score)),
                .init("source", Self.fileName(of: match.source).map { .string($0) } ?? .null),
                .init("thumbnail", thumbnailPath(of: match).map { .string($0) } ?? .null),
              ])
            }))
      ]))
  }

  /// The last component of a path: directories of the server are nobody's business.
  private static func fileName(of source: String?) -> String? {
    source?.split(separator: "/").last.map { String($0).quotable(limit: 200) }
  }

  private func thumbnailPath(of match: EmbeddingIndex.Match) -> String? {
    guard let source = match.source, indexImages?.file(of: source) != nil else { return nil }
    return "/api/thumbnail?index=\(match.index)"
  }

  /// `GET /api/thumbnail?index=N`
  func thumbnail(_ request: ServiceRequest) throws -> ServiceResponse {
    let index = try searchIndex()
    let parameters = try RequestParameters(request)
    try parameters.allow(["index", "size"])
    let size = try parameters.integer("size", in: 32...512) ?? 192
    guard let row = try parameters.integer("index", in: 0...index.count - 1) else {
      throw ServiceError(400, "'index' is missing: the number of a row")
    }
    let missing = ServiceError(404, "the image of row \(row) is not available")
    guard index.sources.indices.contains(row),
      let file = indexImages?.file(of: index.sources[row])
    else { throw missing }
    let data = try thumbnails.value(for: "\(row) \(size)") { () throws(ServiceError) -> Data in
      do throws(ImageError) {
        var options = preprocessing.decoding
        options.toleratesTruncation = false
        let image = try FundusImage(contentsOf: file, options: options)
        return try image.reduced(longestSide: size).jpegData(quality: 85)
      } catch { throw missing }
    }
    return ServiceResponse(type: "image/jpeg", body: data)
  }
}
