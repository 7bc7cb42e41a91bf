import FundusTensor

/// A batch of images with their texts, ready for a step.
public struct LoadedBatch: Sendable {
  /// The epoch that the batch belongs to.
  public let epoch: Int
  /// The step within the epoch, from 0.
  public let step: Int
  /// The images, `[N, H, W, 3]`, RGB in 0…1.
  public let images: Tensor
  /// The rows with their texts, in the order of the images.
  public let samples: [PairDataset.Sample]
  /// Where the draws stand in the epoch, counted over all ranks.
  public let positions: [Int]

  /// The number of images.
  public var count: Int { samples.count }
  /// The texts that the images are paired with.
  public var reports: [String] { samples.map(\.report.text) }
  /// The category that each text was made from; nil for captions.
  public var categories: [String?] { samples.map(\.report.category) }
  /// The paths of the images in their manifests.
  public var ids: [String] { samples.map(\.id) }
}

/// An image that could not be used and was left out.
public struct SkippedImage: Sendable, Hashable, CustomStringConvertible {
  /// The path of the image, in its manifest where there is one.
  public let id: String
  /// Why it could not be used; names the file.
  public let reason: String

  /// An image that was left out.
  public init(id: String, reason: String) {
    self.id = id
    self.reason = reason
  }

  /// The reason.
  public var description: String { reason }
}

/// What happens when an image cannot be read.
public enum BadImagePolicy: String, Sendable, CaseIterable {
  /// Loading ends with the error, which names the file.
  case fail
  /// The next row that can be read takes its place, so that batches keep their size; the image is
  /// counted and listed.
  case skip
}

/// Why a dataset cannot be loaded.
public enum LoadingError: Error, Sendable, CustomStringConvertible {
  /// An image that is needed cannot be used.
  case badImage(id: String, reason: String)
  /// One unusable image after the other.
  case tooManyBadImages(count: Int, last: String)
  /// Images of one batch differ in size.
  case differentSizes(id: String, found: [Int], expected: [Int])
  /// The stream was cancelled.
  case cancelled

  /// One line for people.
  public var description: String {
    switch self {
    case .badImage(let id, let reason):
      reason.contains(id) ? reason : "\(id): \(reason)"
    case .tooManyBadImages(let count, let last):
      "\(count) images in a row cannot be used; the last: \(last)"
    case .differentSizes(let id, let found, let expected):
      "\(id): the image is \(found), others of its batch are \(expected); give all the same size"
    case .cancelled: "loading was cancelled"
    }
  }
}
