import FundusTensor
import Foundation

/// A batch of preprocessed images, and the unusable ones.
public struct PreparedBatch: Sendable {
  /// The usable images, `[N, S, S, 3]`, 0 to 1; N may be 0.
  public let pixels: Tensor
  /// Their indices in the list, ascending.
  public let positions: [Int]
  /// The unusable images, with reasons.
  public let skipped: [SkippedImage]
}

extension Preprocessing {
  /// Preprocesses image files in batches and passes each batch to `body`, in order.
  ///
  /// - Parameters:
  ///   - urls: the files.
  ///   - size: the batch size, at least 1.
  ///   - onBadImage: with `.skip`, unusable files are left out of their batch; `.fail` throws the error of
  ///     the first one, after `body` has received all images before it.
  ///   - body: receives each batch.
  /// - Throws: `ImageError`, and errors of `body`.
  public func forEachBatch(
    of urls: [URL], size: Int, onBadImage: BadImagePolicy = .fail,
    _ body: (PreparedBatch) throws -> Void
  ) throws {
    for start in stride(from: 0, to: urls.count, by: max(1, size)) {
      let positions = Array(start..<min(urls.count, start + max(1, size)))
      if let pixels = try? prepare(contentsOf: positions.map { urls[$0] }) {
        try body(PreparedBatch(pixels: pixels, positions: positions, skipped: []))
        continue
      }
      // At least one of them is invalid: process them one by one.
      let results = ThreadPool.map(positions.count) { index in
        Result { try prepare(contentsOf: urls[positions[index]]) }
      }
      var images: [Tensor] = []
      var used: [Int] = []
      var skipped: [SkippedImage] = []
      var failure: (any Error)?
      for (position, result) in zip(positions, results) {
        switch result {
        case .success(let image):
          images.append(image)
          used.append(position)
        case .failure(let error):
          skipped.append(SkippedImage(id: urls[position].relativePath, reason: "\(error)"))
          failure = error
        }
        if failure != nil && onBadImage == .fail { break }
      }
      let isWhole = onBadImage == .skip || failure == nil
      if !images.isEmpty || isWhole {
        try body(
          PreparedBatch(
            pixels: images.isEmpty
              ? Tensor(zeros: [0, imageSize, imageSize, 3]) : Tensor.stacked(images),
            positions: used, skipped: isWhole ? skipped : []))
      }
      if let failure, !isWhole { throw failure }
    }
  }
}
