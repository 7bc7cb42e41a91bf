import Foundation
import KeepFIT
import Testing

@Suite struct RetrievalTests {
  /// Rows around a few centers, so that many are nearly as similar as the best.
  private func rows(_ count: Int, _ width: Int, seed: UInt64, spread: Float = 0.3) -> Tensor {
    var stream = RandomStream(seed: seed)
    let centers = (0..<7).map { _ in (0..<width).map { _ in stream.normal() } }
    var values: [Float] = []
    for index in 0..<count {
      var row = centers[index % 7].map { $0 + spread * stream.normal() }
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      row = row.map { $0 / norm }
      values += row
    }
    return Tensor(values, shape: [count, width])
  }

  private func exhaustive(_ rows: Tensor, _ query: [Float], _ count: Int) -> [(Int, Double)] {
    let width = rows.shape[1]
    let values = rows.scalars
    let scores = (0..<rows.shape[0]).map { row in
      (0..<width).reduce(0.0) { $0 + Double(values[row * width + $1]) * Double(query[$1]) }
    }
    return scores.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
      .prefix(count).map { ($0.offset, $0.element) }
  }

  @Test func findsWhatAnExhaustiveSearchFinds() throws {
    for (count, width, spread) in [(1, 3, 0.3), (900, 37, 0.3), (5000, 512, 0.02), (300, 2048, 2)] {
      let rows = rows(count, width, seed: UInt64(count), spread: Float(spread))
      let index = try EmbeddingIndex(rows)
      for queryRow in [0, count / 2, count - 1] {
        let query = rows.sliced(queryRow..<queryRow + 1).scalars.map { $0 * 0.7 + 0.01 }
        let found = try index.search(query, count: 20)
        let expected = exhaustive(rows, query, 20)
        #expect(found.count == min(20, count))
        for (match, (row, score)) in zip(found, expected) {
          #expect(abs(Double(match.score) - score) < 1e-5, "\(count) rows, query \(queryRow)")
          // Equal up to rounding may swap places.
          #expect(match.index == row || abs(Double(match.score) - score) < 1e-6)
        }
      }
    }
  }

  @Test func boundsHoldForHostileRows() throws {
    // One large value makes the codes coarse for all others.
    var values = rows(400, 64, seed: 9).scalars
    for row in 0..<400 { values[row * 64 + row % 64] = row % 2 == 0 ? 50 : -50 }
    for column in 0..<64 { values[column] = 0 }
    let rows = Tensor(values, shape: [400, 64])
    let query = rows.sliced(7..<8).scalars
    let found = try EmbeddingIndex(rows).search(query, count: 10)
    #expect(found.map(\.index) == exhaustive(rows, query, 10).map(\.0))
  }

  @Test func keepsCodesBesideALargeFile() throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("retrieval-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let url = directory.appendingPathComponent("index.safetensors")
    let rows = rows(9000, 512, seed: 4)
    let names = (0..<9000).map { "p\($0).png" }
    let list = String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
    try Safetensors.write(
      [("image_embeddings", rows)], metadata: ["image_sources": list], to: url)
    let query = rows.sliced(5..<6).scalars
    let first = try EmbeddingIndex(contentsOf: url).search(query, count: 3)
    #expect(first[0].source == "p5.png")
    #expect(FileManager.default.fileExists(atPath: url.path + ".search"))
    #expect(try EmbeddingIndex(contentsOf: url).search(query, count: 3) == first)
    #expect(throws: TransferError.self) { try EmbeddingIndex(contentsOf: url, tensor: "no") }
  }

  @Test func refusesWhatCannotBeSearched() throws {
    #expect(throws: TransferError.self) { try EmbeddingIndex(Tensor(zeros: [0, 4])) }
    #expect(throws: TransferError.self) {
      try EmbeddingIndex(Tensor([1, .nan, 0, 0], shape: [2, 2]))
    }
    let index = try EmbeddingIndex(rows(5, 8, seed: 1))
    #expect(throws: TransferError.self) { try index.search([1, 2], count: 1) }
    #expect(try index.search([Float](repeating: 0, count: 8), count: 2).map(\.index) == [0, 1])
  }
}
