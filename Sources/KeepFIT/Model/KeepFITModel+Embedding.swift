import Foundation

extension KeepFITModel {
  // MARK: Differentiable

  /// Embeddings of images, for training.
  ///
  /// - `pixels`: `[N, H, W, 3]`, 0 to 1.
  /// - Returns: `[N, D]`, of unit length.
  public func encode(images pixels: Tensor, mode: ExecutionMode) -> Tensor {
    visionHead(vision(pixels, mode: mode), mode: mode)
  }

  /// Embeddings of texts that are padded together, for training.
  /// - Returns: `[N, D]`, of unit length.
  public func encode(tokens: TokenBatch, mode: ExecutionMode) -> Tensor {
    textHead(text.pooled(tokens, pooling: configuration.textPooling, mode: mode), mode: mode)
  }

  /// Embeddings of several batches of texts, each padded separately, in one pass through the encoder.
  /// - Returns: `[N, D]` for each batch, of unit length.
  public func encode(tokens batches: [TokenBatch], mode: ExecutionMode) -> [Tensor] {
    let all = textHead(
      text.pooled(batches, pooling: configuration.textPooling, mode: mode), mode: mode)
    var start = 0
    return batches.map { batch in
      defer { start += batch.count }
      return all.sliced(start..<start + batch.count)
    }
  }

  // MARK: Inference

  /// Image features before the projection.
  ///
  /// - Parameter pixels: `[N, H, W, 3]`, 0 to 1.
  /// - Returns: `[N, F]`, F = 2048 for ResNet-50; non-negative, not normalized.
  public func imageFeatures(_ pixels: Tensor) -> Tensor {
    Autograd.withoutGradients { vision(pixels, mode: .inference) }
  }

  /// Embeddings of images.
  ///
  /// - Parameter pixels: `[N, H, W, 3]`, 0 to 1.
  /// - Returns: `[N, D]`, of unit length.
  public func imageEmbeddings(_ pixels: Tensor) -> Tensor {
    Autograd.withoutGradients { encode(images: pixels, mode: .inference) }
  }

  /// Embeddings of image files.
  ///
  /// - `preprocessing`: the image preprocessing; nil for that of the ``configuration``.
  /// - `batchSize`: images per batch.
  /// - `progress`: receives the number of completed files; what it throws ends the work.
  /// - Returns: `[N, D]`, of unit length.
  /// - Throws: `ImageError` for the first file that cannot be used.
  public func imageEmbeddings(
    contentsOf urls: [URL], preprocessing: Preprocessing? = nil, batchSize: Int = 8,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> Tensor {
    let preprocessing = preprocessing ?? configuration.preprocessing
    var parts: [Tensor] = []
    for start in stride(from: 0, to: urls.count, by: max(1, batchSize)) {
      let batch = Array(urls[start..<min(urls.count, start + max(1, batchSize))])
      parts.append(imageEmbeddings(try preprocessing.prepare(contentsOf: batch)))
      try progress(start + batch.count)
    }
    guard !parts.isEmpty else { return Tensor(zeros: [0, configuration.projectionDimension]) }
    return parts.count == 1 ? parts[0] : Tensor.concatenated(parts)
  }

  /// Embeddings of texts.
  ///
  /// Texts are padded to the longest one of their batch, and the published pooling includes the padding: the
  /// same text has a slightly different embedding in another batch.
  ///
  /// - `batchSize`: the number of texts padded together; nil for all.
  /// - Returns: `[N, D]`, of unit length.
  public func textEmbeddings(_ texts: [String], batchSize: Int? = nil) -> Tensor {
    let size = max(1, batchSize ?? texts.count)
    let parts = stride(from: 0, to: texts.count, by: size).map { start in
      textEmbeddings(tokenize(Array(texts[start..<min(texts.count, start + size)])))
    }
    guard !parts.isEmpty else { return Tensor(zeros: [0, configuration.projectionDimension]) }
    return parts.count == 1 ? parts[0] : Tensor.concatenated(parts)
  }

  /// Embeddings of tokenized texts.
  /// - Returns: `[N, D]`, of unit length.
  public func textEmbeddings(_ tokens: TokenBatch) -> Tensor {
    Autograd.withoutGradients { encode(tokens: tokens, mode: .inference) }
  }

  /// Tokenizes texts and pads them together.
  public func tokenize(_ texts: [String]) -> TokenBatch {
    tokenizer.encode(texts, maximumLength: configuration.maximumTextLength)
  }

  /// The factor of similarities, `exp(clamp(s, 0, 4.6052))`. The parameter itself is not clamped.
  public var logitFactor: Float {
    exp(ContrastiveLoss.clamped(logitScale))
  }

  /// Scaled similarities of images and texts.
  ///
  /// - Parameters:
  ///   - images: `[N, D]`.
  ///   - texts: `[K, D]`.
  /// - Returns: `[N, K]`.
  public func logits(images: Tensor, texts: Tensor) -> Tensor {
    Autograd.withoutGradients { matmul(images, texts, transposeB: true) * logitFactor }
  }
}
