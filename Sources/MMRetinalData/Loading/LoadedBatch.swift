import FundusTensor

/// A batch of images with their texts, ready for a training step.
public struct LoadedBatch: Sendable {
  /// The epoch of the batch.
  public let epoch: Int
  /// The step within the epoch, from 0.
  public let step: Int
  /// The images, `[N, H, W, 3]`, RGB in 0…1.
  public let images: Tensor
  /// The rows with their texts, in the order of the images.
  public let samples: [PairDataset.Sample]
  /// The position of the samples in the epoch, counted over all ranks.
  public let positions: [Int]

  /// The number of images.
  public var count: Int { samples.count }
  /// The texts that the images are paired with.
  public var texts: [String] { samples.map(\.text.text) }
  /// The category that each text was made from; nil for captions.
  public var categories: [String?] { samples.map(\.text.category) }
  /// The paths of the images in their manifests.
  public var ids: [String] { samples.map(\.id) }
}

/// An unusable image that was left out.
public struct SkippedImage: Sendable, Hashable, CustomStringConvertible {
  /// The path of the image, in its manifest if there is one.
  public let id: String
  /// The reason, which names the file.
  public let reason: String

  /// Creates a skipped image.
  public init(id: String, reason: String) {
    self.id = id
    self.reason = reason
  }

  /// The reason.
  public var description: String { reason }
}

/// The handling of unreadable images.
public enum BadImagePolicy: String, Sendable, CaseIterable {
  /// Loading ends with an error that names the file.
  case fail
  /// The image is replaced by the next readable row, so that batches keep their size, and is counted and
  /// listed.
  case skip
}

/// An error of dataset loading.
public enum LoadingError: Error, Sendable, CustomStringConvertible {
  /// An image cannot be used.
  case badImage(id: String, reason: String)
  /// Too many unusable images in a row.
  case tooManyBadImages(count: Int, last: String)
  /// Images of a batch differ in size.
  case differentSizes(id: String, found: [Int], expected: [Int])
  /// The stream was cancelled.
  case cancelled

  /// A one-line description.
  public var description: String {
    switch self {
    case .badImage(let id, let reason):
      reason.contains(id) ? reason : "\(id): \(reason)"
    case .tooManyBadImages(let count, let last):
      "\(count) images in a row cannot be used; the last: \(last)"
    case .differentSizes(let id, let found, let expected):
      "\(id): the image is \(found), but others of its batch are \(expected); all must have the same size"
    case .cancelled: "loading was cancelled"
    }
  }
}
