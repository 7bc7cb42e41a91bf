import Foundation

extension KeepFITModel {
  /// Embeddings of image files, computed on a separate thread, so that the caller's thread is not blocked;
  /// bit-identical to the synchronous method.
  ///
  /// When the task is cancelled, the work ends after the current batch.
  /// - Parameters:
  ///   - urls: the image files.
  ///   - preprocessing: the image preprocessing; nil for that of the ``configuration``.
  ///   - batchSize: images per batch.
  ///   - progress: receives the number of completed files, on the thread that computes.
  /// - Returns: `[N, D]`, of unit length.
  /// - Throws: `ImageError` for the first file that cannot be used; `CancellationError`.
  public func imageEmbeddings(
    contentsOf urls: [URL], preprocessing: Preprocessing? = nil, batchSize: Int = 8,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Tensor {
    let stop = StopRequest()
    return try await withTaskCancellationHandler {
      try await onSeparateThread(named: "embedding") {
        try self.imageEmbeddings(
          contentsOf: urls, preprocessing: preprocessing, batchSize: batchSize
        ) { done in
          progress(done)
          if stop.isMade { throw CancellationError() }
        }
      }
    } onCancel: {
      stop.make()
    }
  }

  /// Zero-shot classification of image files, computed on a separate thread. When the task is cancelled, the work
  /// ends after the current batch.
  /// - Parameters:
  ///   - urls: the image files.
  ///   - labels: at least one.
  ///   - prompt: the prompt template with `[CLS]` for the label; nil for that of the ``configuration``.
  ///   - knowledge: descriptions by label.
  ///   - batchSize: images per batch.
  ///   - progress: receives the number of completed files, on the thread that computes.
  /// - Throws: `ImageError` for the first file that cannot be used; `CancellationError`.
  public func classify(
    contentsOf urls: [URL], labels: [String], prompt: String? = nil, knowledge: Knowledge? = nil,
    batchSize: Int = 8, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Classification {
    let embeddings = try await imageEmbeddings(
      contentsOf: urls, batchSize: batchSize, progress: progress)
    return try await onSeparateThread(named: "classification") {
      self.classify(
        embeddings: embeddings, labels: labels,
        labelEmbeddings: self.labelEmbeddings(labels, prompt: prompt, knowledge: knowledge))
    }
  }
}
