import FundusTensor
import Foundation

/// Random augmentation of training images: horizontal flip, rotation and scaling, brightness and contrast.
///
/// Each operation is applied to each image with its own probability. Formulas and ranges are those of the
/// released pipeline (kornia 0.6.12), in which expert images are not augmented.
///
/// Random numbers depend only on the stream, the epoch and the sample, not on the batch, the threads, or
/// previous samples. Only the order of the color operations is chosen per batch.
public struct Augmentation: Hashable, Sendable, Codable {
  /// The probability of a horizontal flip.
  public var flipProbability: Float = 0.5
  /// The probability of rotation and scaling.
  public var affineProbability: Float = 0.25
  /// The maximum rotation in degrees, in both directions.
  public var largestAngle: Float = 5
  /// The minimum scale; the maximum is 1. Below 1 the image is shrunk, with a black border.
  public var smallestScale: Float = 0.9
  /// The probability of color jitter.
  public var jitterProbability: Float = 0.25
  /// The brightness factor is uniform from 1 minus this to 1 plus this.
  public var brightness: Float = 0.2
  /// The contrast factor is uniform from 1 minus this to 1 plus this.
  public var contrast: Float = 0.2

  /// The released settings.
  public init() {}

  /// The released settings.
  public static let published = Augmentation()

  /// A rotation and an isotropic scale about the center ((W - 1) / 2, (H - 1) / 2).
  public struct Affine: Hashable, Sendable, Codable {
    /// Degrees; positive rotates the content counterclockwise.
    public var angle: Float
    /// Below 1 the content shrinks.
    public var scale: Float

    /// Creates a rotation by `angle` degrees with a scale.
    public init(angle: Float, scale: Float) {
      self.angle = angle
      self.scale = scale
    }
  }

  /// Factors of brightness and contrast.
  public struct Jitter: Hashable, Sendable, Codable {
    /// x becomes clamp(x · brightness, 0, 1).
    public var brightness: Float
    /// x becomes clamp(c · x + (1 - c) · m, 0, 1) with m the mean gray of the image.
    public var contrast: Float

    /// Creates the two factors.
    public init(brightness: Float, contrast: Float) {
      self.brightness = brightness
      self.contrast = contrast
    }
  }

  /// The augmentation parameters of an image.
  public struct Choice: Hashable, Sendable, Codable {
    /// Whether it is flipped.
    public var flips: Bool
    /// Its rotation and scale; nil for none.
    public var affine: Affine?
    /// Its color jitter; nil for none.
    public var jitter: Jitter?

    /// Creates augmentation parameters; nothing by default.
    public init(flips: Bool = false, affine: Affine? = nil, jitter: Jitter? = nil) {
      self.flips = flips
      self.affine = affine
      self.jitter = jitter
    }
  }

  /// An operation of the color jitter. The released pipeline also has saturation (factor 1) and hue (0), which
  /// are identities but take part in the random order.
  public enum ColorStep: Int, Hashable, Sendable, Codable, CaseIterable {
    /// See ``Jitter/brightness``.
    case brightness
    /// See ``Jitter/contrast``.
    case contrast
    /// Factor 1: the identity.
    case saturation
    /// Shift 0: the identity up to 1e-6.
    case hue
  }

  /// Samples the augmentation parameters of a sample in an epoch.
  public func choice(sample: Int, epoch: Int, stream: RandomStream) -> Choice {
    var random = stream.derived("augmentation").derived(UInt64(epoch), UInt64(sample))
    // All numbers are always sampled, so that changing one probability does not affect the others.
    let draws = (0..<7).map { _ in random.uniform() }
    func spread(_ draw: Float, _ range: Float) -> Float { 1 - range + 2 * range * draw }
    return Choice(
      flips: draws[0] < flipProbability,
      affine: draws[1] < affineProbability
        ? Affine(
          angle: (2 * draws[2] - 1) * largestAngle,
          scale: smallestScale + (1 - smallestScale) * draws[3]) : nil,
      jitter: draws[4] < jitterProbability
        ? Jitter(brightness: spread(draws[5], brightness), contrast: spread(draws[6], contrast))
        : nil)
  }

  /// Samples the order of the color operations, one for all images of a batch.
  public func order(batch: Int, epoch: Int, stream: RandomStream) -> [ColorStep] {
    var random = stream.derived("augmentation order").derived(UInt64(epoch), UInt64(batch))
    return ColorStep.allCases.shuffled(using: &random)
  }

  /// Augments a batch `[N, H, W, 3]` of images from 0 to 1.
  ///
  /// - `samples`: the index of each image in the dataset.
  /// - `batch`: the number of the batch in the epoch.
  public func augment(
    _ images: Tensor, samples: [Int], batch: Int, epoch: Int, stream: RandomStream
  ) -> Tensor {
    let choices = samples.map { choice(sample: $0, epoch: epoch, stream: stream) }
    return Augmentation.apply(
      choices, order: order(batch: batch, epoch: epoch, stream: stream), to: images)
  }
}

// MARK: - Given choices

extension Augmentation {
  /// Augments a batch `[N, H, W, 3]` of images from 0 to 1 with given parameters.
  public static func apply(
    _ choices: [Choice], order: [ColorStep], to images: Tensor
  ) -> Tensor {
    precondition(
      images.rank == 4 && images.shape[3] == 3 && images.shape[0] == choices.count,
      "\(choices.count) choices for images of \(images.shape)")
    let (height, width) = (images.shape[1], images.shape[2])
    let size = height * width * 3
    return Tensor.stacking(choices.count, of: Array(images.shape[1...])) { index, target in
      images.withSpan { source in
        let part = source.extracting(index * size..<(index + 1) * size)
        for position in part.indices { target[position] = part[position] }
      }
      apply(choices[index], order: order, to: &target, height: height, width: width)
    }
  }

  /// Augments one image `[H, W, 3]` in place.
  public static func apply(
    _ choice: Choice, order: [ColorStep], to image: inout MutableSpan<Float>, height: Int,
    width: Int
  ) {
    if choice.flips { ImageKernels.flip(&image, height: height, width: width) }
    if let affine = choice.affine {
      ImageKernels.transform(
        &image, height: height, width: width, by: affine.map(height: height, width: width))
    }
    guard let jitter = choice.jitter else { return }
    for step in order {
      switch step {
      case .brightness:
        ImageKernels.scaleAndClamp(&image, scale: jitter.brightness, shift: 0)
      case .contrast:
        let mean = ImageKernels.grayMean(&image)
        ImageKernels.scaleAndClamp(
          &image, scale: jitter.contrast, shift: Float((1 - Double(jitter.contrast)) * mean))
      case .saturation, .hue: break
      }
    }
  }
}

extension Augmentation.Affine {
  /// The source position of a pixel of the result: center + R(-angle) (pixel - center) / scale, with
  /// R(a) = [[cos a, -sin a], [sin a, cos a]] for x to the right and y down.
  func map(height: Int, width: Int) -> [Double] {
    let radians = Double(angle) * .pi / 180
    let (cosine, sine) = (cos(radians) / Double(scale), sin(radians) / Double(scale))
    let (x, y) = (Double(width - 1) / 2, Double(height - 1) / 2)
    return [cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y]
  }
}
