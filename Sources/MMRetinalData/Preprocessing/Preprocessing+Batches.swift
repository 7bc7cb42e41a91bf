import FundusTensor
import Foundation

/// Images of a list that could be used, and those that could not.
public struct PreparedBatch: Sendable {
  /// The images that could be used, `[N, S, S, 3]`, 0 to 1; N may be 0.
  public let pixels: Tensor
  /// Their positions in the list, ascending.
  public let positions: [Int]
  /// The images that could not be used, with their reasons.
  public let skipped: [SkippedImage]
}

extension Preprocessing {
  /// Prepares image files a few at a time and hands each batch to `body`, in order.
  ///
  /// - Parameters:
  ///   - urls: the files.
  ///   - size: images that are in memory at the same time, at least 1.
  ///   - onBadImage: with `.skip`, files that cannot be used are left out of their batch; `.fail` throws
  ///     the error of the first of them, after `body` has seen all images before it.
  ///   - body: receives each batch.
  /// - Throws: `ImageError`, and what `body` throws.
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
      // Something is wrong with at least one of them: find out with which, image by image.
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
