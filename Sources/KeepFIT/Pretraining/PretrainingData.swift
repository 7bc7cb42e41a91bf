/// One stream of a batch: B images with one text each.
public struct PretrainingSamples: Sendable {
  /// The images, `[B, S, S, 3]`, 0 to 1.
  public var images: Tensor
  /// The text of each image.
  public var texts: [String]
  /// The category of each text; nil if each text matches only its own image.
  public var categories: [String]?

  /// Creates the samples of a stream.
  public init(images: Tensor, texts: [String], categories: [String]?) {
    self.images = images
    self.texts = texts
    self.categories = categories
  }
}

/// A training batch.
public struct PretrainingBatch: Sendable {
  /// Labeled images of public datasets.
  public var labeled: PretrainingSamples
  /// Expert image-text pairs, for objectives that use them.
  public var expert: PretrainingSamples?

  /// Creates a training batch.
  public init(labeled: PretrainingSamples, expert: PretrainingSamples? = nil) {
    self.labeled = labeled
    self.expert = expert
  }
}

/// A source of batches. The content of a batch depends only on its number, so a resumed run gets the same
/// batches.
public protocol PretrainingBatchSource: AnyObject {
  /// The number of batches per epoch.
  var batchesPerEpoch: Int { get }
  /// The images that were left out because they could not be read, without repetition.
  var skipped: [SkippedImage] { get }
  /// The next batch; the first one is `firstBatch` of ``start(at:)``.
  func next() throws -> PretrainingBatch
  /// Starts, or restarts, at a batch, counted from 0 over all epochs.
  func start(at batch: Int)
  /// Stops background loading, and waits for its end.
  func stop()
}

extension PretrainingBatchSource {
  /// Does nothing, for sources without background loading.
  public func stop() {}
}
