import Foundation
import KeepFIT
import TestSupport
import Testing

@Suite struct AsynchronousModelTests {
  @Test func asynchronousFormsGiveTheSameBitsAndCanBeCancelled() async throws {
    let folder = try TemporaryDirectory()
    let model = try KeepFITModel(preset: .tiny, seed: 3)
    let files = try (0..<3).map { index in
      let file = folder.url.appending(path: "\(index).png")
      let pixels = (0..<40 * 40 * 3).map { UInt8(($0 * (index + 3)) % 251) }
      try FundusImage(width: 40, height: 40, pixels: pixels).writePNG(to: file)
      return file
    }
    func now() throws -> (Tensor, Classification) {
      (
        try model.imageEmbeddings(contentsOf: files, batchSize: 2),
        try model.classify(contentsOf: files, labels: ["normal", "glaucoma"], batchSize: 2)
      )
    }
    let (embeddings, classification) = try now()
    #expect(
      try await model.imageEmbeddings(contentsOf: files, batchSize: 2).scalars == embeddings.scalars
    )
    let later = try await model.classify(
      contentsOf: files, labels: ["normal", "glaucoma"], batchSize: 2)
    #expect(later.probabilities == classification.probabilities)

    let many = [URL](repeating: files[0], count: 10_000)
    let (begun, note) = AsyncStream.makeStream(of: Int.self)
    let task = Task {
      try await model.imageEmbeddings(contentsOf: many, batchSize: 1) { note.yield($0) }
    }
    for await _ in begun { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
