import Foundation

/// The loss of a report model on some studies.
public struct ReportLossSummary: Sendable, Equatable {
  /// -Σ log p over all words of all studies, divided once by ``tokens``.
  public let loss: Double
  /// The number of target words, including end tokens.
  public let tokens: Int
}

extension ReportGenerator {
  /// The maximum number of images in memory at a time, unless a single study has more.
  private static let imageLimit = 128

  /// The loss on studies: no dropout, running statistics, whole images; the patch features of a study's
  /// images are averaged. Does not depend on the batch size.
  ///
  /// - Parameters:
  ///   - studies: studies with at least one image each; at least one.
  ///   - root: the root directory of their image paths.
  ///   - batchSize: studies per batch, fewer if they have many images.
  ///   - progress: called with the number of completed studies.
  /// - Throws: `ImageError` for an image that is missing or cannot be read; ``ReportLossError`` when the
  ///   model gives a loss that is not finite.
  public func loss(
    on studies: [ReportStudy], root: URL, batchSize: Int, progress: (Int) -> Void = { _ in }
  ) throws -> ReportLossSummary {
    try loss(
      of: studies.map { study in
        (study.id, study.images.map { root.appending(path: $0) }, study.text)
      }, batchSize: batchSize, progress: progress)
  }

  /// The loss on single images with reports; see ``loss(on:root:batchSize:progress:)``.
  /// - Parameters:
  ///   - samples: images with reports; at least one.
  ///   - batchSize: images per batch.
  /// - Throws: `ImageError` and ``ReportLossError``.
  public func loss(on samples: [ReportSample], batchSize: Int) throws -> ReportLossSummary {
    try loss(of: samples.map { ($0.id, [$0.image], $0.text) }, batchSize: batchSize) { _ in }
  }

  private func loss(
    of studies: [(id: String, files: [URL], text: String)], batchSize: Int,
    progress: (Int) -> Void
  ) throws -> ReportLossSummary {
    precondition(batchSize > 0 && !studies.isEmpty, "\(studies.count) studies by \(batchSize)")
    var sum = 0.0
    var tokens = 0
    let batches = StudyBatches.ranges(
      imageCounts: studies.map(\.files.count), imageLimit: Self.imageLimit, studyLimit: batchSize)
    for range in batches {
      let batch = studies[range]
      let loss = try loss(
        files: batch.flatMap(\.files), imagesPerStudy: batch.map(\.files.count),
        texts: batch.map(\.text))
      guard loss.sum.isFinite else { throw ReportLossError(study: batch.first?.id ?? "") }
      sum += loss.sum
      tokens += loss.tokens
      progress(range.upperBound)
    }
    return ReportLossSummary(loss: sum / Double(tokens), tokens: tokens)
  }

  private func loss(
    files: [URL], imagesPerStudy: [Int], texts: [String]
  ) throws -> (sum: Double, tokens: Int) {
    let images = try prepare(contentsOf: files)
    let loss = Autograd.withoutGradients {
      model.loss(
        images: images, imagesPerStudy: imagesPerStudy,
        reports: texts.map {
          vocabulary.encode($0, maximumLength: configuration.maximumLength)
        }, mode: .inference)
    }
    return (Double(loss.total.item), loss.tokens)
  }
}

/// An error of a report model whose loss is not finite.
public struct ReportLossError: Error, LocalizedError, CustomStringConvertible {
  /// The first study of the batch.
  public let study: String

  /// A one-line description.
  public var description: String {
    "the loss is not finite for the batch that begins with '\(study.quotable())'; the model's weights are "
      + "damaged or too large"
  }

  /// The same text as ``description``.
  public var errorDescription: String? { description }
}
