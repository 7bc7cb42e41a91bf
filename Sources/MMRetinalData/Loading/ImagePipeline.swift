import Foundation
import FundusTensor

/// The pipeline from a file to a training image: decoding and resizing, optionally from a cache, then
/// augmentation.
public struct ImagePipeline: Sendable {
  /// The preprocessing.
  public var preprocessing: Preprocessing
  /// The augmentation; nil for expert images, which are not augmented.
  public var augmentation: Augmentation?
  /// The cache of prepared images, rounded to bytes: an error of at most half a gray level (1/510).
  ///
  /// With a cache, all images are rounded, whether they are in it or not, so that a run does not depend on the
  /// content of the cache.
  public var cache: ImageCache?

  /// Creates a pipeline.
  public init(
    preprocessing: Preprocessing, augmentation: Augmentation? = nil, cache: ImageCache? = nil
  ) {
    self.preprocessing = preprocessing
    self.augmentation = augmentation
    self.cache = cache
  }

  /// The image `[S, S, 3]` of a file for one position of a run.
  /// - Throws: ``ImageError`` that names the file.
  public func image(contentsOf url: URL, place: PairLoader.Place) throws -> Tensor {
    let side = preprocessing.imageSize
    return try Tensor(shape: [side, side, 3]) { span throws(any Error) in
      if let cache {
        let bytes = try cache.image(of: url, preparation: cacheName) {
          FundusImage(rounding: try preprocessing.prepare(contentsOf: url))
        }
        for (index, byte) in bytes.pixels.enumerated() { span[index] = Self.levels[Int(byte)] }
      } else {
        try preprocessing.prepare(contentsOf: url, into: &span)
      }
      guard let augmentation else { return }
      let stream = RandomStream(seed: place.seed)
      Augmentation.apply(
        augmentation.choice(sample: place.position, epoch: place.epoch, stream: stream),
        order: augmentation.order(batch: place.step, epoch: place.epoch, stream: stream), to: &span,
        height: side, width: side)
    }
  }

  /// Converts bytes to values from 0 to 1.
  private static let levels = (0..<256).map { Float($0) / 255 }

  /// An identifier of everything that determines the cached pixels.
  private var cacheName: String {
    guard let text = try? JSONText.encode(preprocessing) else {
      preconditionFailure("a preprocessing can always be encoded")
    }
    return "rounded " + text
  }
}

extension FundusImage {
  /// The image `[H, W, 3]` with each number from 0 to 1 rounded to the nearest byte.
  public init(rounding tensor: Tensor) {
    let pixels = tensor.withSpan { span in
      [UInt8](unsafeUninitializedCapacity: span.count) { buffer, count in
        for index in span.indices {
          buffer[index] = UInt8(min(255, max(0, span[index] * 255 + 0.5)))
        }
        count = span.count
      }
    }
    self.init(width: tensor.shape[1], height: tensor.shape[0], pixels: pixels)
  }
}

extension PairLoader {
  /// A loader of image files.
  public init(
    dataset: PairDataset, sampler: any BatchSampler, options: Options, images: ImagePipeline
  ) {
    self.init(dataset: dataset, sampler: sampler, options: options) { sample, place in
      try images.image(contentsOf: sample.image, place: place)
    }
  }
}
