/// One stream of a step: B images with a report each.
public struct PretrainingSamples: Sendable {
  /// Images in 0...1, `[B, S, S, 3]`.
  public var images: Tensor
  /// A report for each image.
  public var texts: [String]
  /// The category that each report speaks of; nil where each text belongs to its own image only.
  public var categories: [String]?

  /// Samples of one stream.
  public init(images: Tensor, texts: [String], categories: [String]?) {
    self.images = images
    self.texts = texts
    self.categories = categories
  }
}

/// What a step learns from.
public struct PretrainingBatch: Sendable {
  /// Labeled images of public datasets.
  public var labeled: PretrainingSamples
  /// Expert image-text pairs, for objectives that use them.
  public var expert: PretrainingSamples?

  /// The batch of a step.
  public init(labeled: PretrainingSamples, expert: PretrainingSamples? = nil) {
    self.labeled = labeled
    self.expert = expert
  }
}

/// Where batches come from. What a batch holds depends on its number alone, so a resumed run gets
/// the same ones.
public protocol PretrainingBatchSource: AnyObject {
  /// Batches in a pass over the labeled images.
  var batchesPerEpoch: Int { get }
  /// The images that were left out because they could not be read, each once.
  var skipped: [SkippedImage] { get }
  /// The next batch; the first one is `firstBatch` of ``start(at:)``.
  func next() throws -> PretrainingBatch
  /// Starts (again) at a batch, counted from 0 over all epochs.
  func start(at batch: Int)
  /// Ends what goes on in the background, and returns when it has ended.
  func stop()
}

extension PretrainingBatchSource {
  /// Nothing, for sources that do nothing in the background.
  public func stop() {}
}
