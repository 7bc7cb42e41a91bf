import FundusTensor

/// The encoded patches of studies, the memory of the decoder.
public struct ReportMemory: Sendable {
  /// `[studies * patches, D]`.
  let rows: Tensor
  /// The number of studies.
  public let studies: Int
  /// Rows and columns of the map that the patches of a study are.
  public let grid: (rows: Int, columns: Int)
  /// The number of patches of a study.
  public var patches: Int { grid.rows * grid.columns }
}

/// The loss of a batch of reports, and its number of words.
public struct ReportLoss {
  /// -Σ log p over all words that are to be written, closing zeros included: a scalar.
  public let total: Tensor
  /// The number of these words.
  public let tokens: Int
  /// The loss that is trained: ``total`` divided by ``tokens``.
  public var mean: Tensor { total / Float(tokens) }
}

extension ReportModel {
  /// The encoded patches of studies.
  ///
  /// In training with batch statistics, batch norms update their running statistics.
  /// - Parameters:
  ///   - images: `[ΣK, H, W, 3]`, all images of all studies, normalized; H and W at least 32.
  ///   - imagesPerStudy: how many of them belong to each study, in order; nil for one each. The patch
  ///     features of a study are the mean over its images.
  ///   - mode: whether dropout draws and gradients reach the parameters.
  public func encode(
    images: Tensor, imagesPerStudy: [Int]? = nil, mode: ExecutionMode
  ) -> ReportMemory {
    encodeWithFeatures(images: images, imagesPerStudy: imagesPerStudy, mode: mode).memory
  }

  /// The encoded patches of studies, and the mean features of their images.
  /// - Parameters:
  ///   - images: as for ``encode(images:imagesPerStudy:mode:)``.
  ///   - imagesPerStudy: how many of them belong to each study, in order; nil for one each.
  ///   - mode: whether dropout draws and gradients reach the parameters.
  /// - Returns: the patches, and `[studies, F]`: the mean over the images of a study of the image encoder's
  ///   pooled features.
  public func encodeWithFeatures(
    images: Tensor, imagesPerStudy: [Int]? = nil, mode: ExecutionMode
  ) -> (memory: ReportMemory, features: Tensor) {
    precondition(
      images.rank == 4 && images.shape[1] >= 32 && images.shape[2] >= 32,
      "images are [N, H, W, 3] of 32 pixels or more, not \(images.shape)")
    let counts = imagesPerStudy ?? Array(repeating: 1, count: images.shape[0])
    precondition(
      counts.allSatisfy { $0 > 0 } && counts.reduce(0, +) == images.shape[0],
      "studies of \(counts) images for \(images.shape[0]) images")
    let isFrozen =
      vision.freezesBatchNorm && vision.parameters.allSatisfy { !$0.parameter.isTrainable }
    let seen = vision.intermediates(of: images, mode: isFrozen ? .inference : mode.derived(0))
    let map = seen.stages[3]
    if mode.isTraining, !vision.freezesBatchNorm { countBatch() }
    let grid = (rows: map.shape[1], columns: map.shape[2])
    let features = map.shape[3]
    var patches = map
    if counts.contains(where: { $0 > 1 }) {
      patches = map.reshaped([images.shape[0], grid.rows * grid.columns * features])
        .groupMeans(of: counts)
    }
    let pass = pass(mode.derived(1))
    let embedded = pass.apply(
      patchEmbedding, to: patches.reshaped([-1, features]), relu: true)
    var x = pass.dropped(embedded, rate: configuration.embeddingDropout, use: 0)
    let sizes = Array(repeating: grid.rows * grid.columns, count: counts.count)
    let layout = AttentionLayout(queries: sizes, keys: sizes)
    for (index, layer) in encoder.enumerated() {
      x = layer(x, layout: layout, pass: pass.derived(UInt64(index + 1)))
    }
    let memory = ReportMemory(
      rows: encoderNorm(x, mode: mode), studies: counts.count, grid: grid)
    return (memory, seen.features.groupMeans(of: counts))
  }

  /// The scores of the next word after every word of whole reports.
  ///
  /// Reports are concatenated without padding: the result of a report does not depend on the others.
  /// - Parameters:
  ///   - memory: the studies, one a report.
  ///   - inputs: what each report has so far: id 0, then words. Every position sees those before it.
  ///   - mode: whether dropout draws and gradients reach the parameters.
  /// - Returns: `[Σ lengths, V']`, before the softmax.
  /// - Precondition: reports have 1 to 5000 ids, all below V'.
  public func logits(
    memory: ReportMemory, inputs: [[Int32]], mode: ExecutionMode
  ) -> Tensor {
    precondition(
      inputs.count == memory.studies
        && inputs.allSatisfy { (1...Configuration.positions).contains($0.count) },
      "\(inputs.count) reports for \(memory.studies) studies")
    let pass = pass(mode.derived(2))
    let width = configuration.width
    let lengths = inputs.map(\.count)
    let embedded = wordEmbedding(inputs.flatMap { $0 }, mode: mode) * Float(width).squareRoot()
    let table = positions.value.reshaped([Configuration.positions, width])
    let places = Tensor.embedding(
      table, ids: lengths.flatMap { 0..<Int32($0) }, shape: [lengths.reduce(0, +)])
    var x = pass.dropped(embedded + places, rate: pass.dropout, use: 0)
    let layouts = (
      words: AttentionLayout(causal: lengths),
      patches: AttentionLayout(
        queries: lengths, keys: Array(repeating: memory.patches, count: lengths.count))
    )
    for (index, layer) in decoder.enumerated() {
      x = layer(
        x, memory: memory.rows, layouts: layouts, pass: pass.derived(UInt64(index + 1)))
    }
    return pass.apply(output, to: decoderNorm(x, mode: mode))
  }

  /// The loss of reports: next-word prediction with teacher forcing.
  /// - Parameters:
  ///   - images: as for ``encode(images:imagesPerStudy:mode:)``.
  ///   - imagesPerStudy: how many images each study has; nil for one.
  ///   - reports: the ids of each study's report: 0, its words, and the closing 0 unless the report was
  ///     cut; at least two.
  ///   - mode: whether dropout draws and gradients reach the parameters.
  public func loss(
    images: Tensor, imagesPerStudy: [Int]? = nil, reports: [[Int32]], mode: ExecutionMode
  ) -> ReportLoss {
    precondition(
      reports.allSatisfy { report in
        report.count > 1 && report.dropFirst().dropLast().allSatisfy { $0 > 0 }
      }, "a report has at least two ids, and id 0 only at its ends")
    let memory = encode(images: images, imagesPerStudy: imagesPerStudy, mode: mode)
    let logits = logits(memory: memory, inputs: reports.map { Array($0.dropLast()) }, mode: mode)
    let targets = reports.flatMap { $0.dropFirst() }
    return ReportLoss(
      total: .negativeLogLikelihood(logits: logits, classes: targets), tokens: targets.count)
  }
}
