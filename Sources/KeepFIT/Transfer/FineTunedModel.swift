import Foundation

/// A fine-tuned model, until ``restore()`` restores its original weights. ``FineTuning`` makes it.
public final class FineTunedModel {
  /// The model, with the fine-tuned weights.
  public let model: any TrainableTransferModel
  /// The classifier's weight, `[K, D]`.
  public internal(set) var weight: Tensor
  /// The classifier's bias, `[K]`.
  public internal(set) var bias: Tensor
  /// The training history.
  public internal(set) var history: [FineTuning.Epoch] = []
  /// The epoch of the current weights.
  public internal(set) var bestEpoch = 0
  /// Whether features go through the projection head.
  public let projects: Bool
  let source: ImageSource
  private let batchSize: Int
  private let original: [Tensor]

  /// The model before its first step.
  init(
    _ model: any TrainableTransferModel, weight: Tensor, bias: Tensor, projects: Bool,
    source: ImageSource, batchSize: Int
  ) {
    self.model = model
    self.weight = weight
    self.bias = bias
    self.projects = projects
    self.source = source
    self.batchSize = batchSize
    original = model.imageState.map { $0.exported.copy() }
  }

  /// Prepared images, `[N, S, S, 3]`; `random` augments them.
  func images(_ urls: [URL], random: RandomStream?) throws -> Tensor {
    let source = source
    let images = ThreadPool.map(urls.count) { index in
      Result {
        let image = try source.load(urls[index])
        return random.map { source.augment(image, $0.derived(UInt64(index))) } ?? image
      }
    }
    return Tensor.stacked(try images.map { try $0.get() })
  }

  /// Features, `[N, D]`, through the projection head if ``projects``.
  func features(of urls: [URL], random: RandomStream? = nil) throws -> Tensor {
    var parts: [Tensor] = []
    for first in stride(from: 0, to: urls.count, by: batchSize) {
      let batch = Array(urls[first..<min(urls.count, first + batchSize)])
      let images = try images(batch, random: random?.derived(UInt64(first)))
      parts.append(
        Autograd.withoutGradients {
          let raw = model.features(of: images)
          return projects ? model.projected(raw) : raw
        })
    }
    return Tensor.concatenated(parts)
  }

  /// Logits of all classes, `[N, K]`, for image files.
  /// - `random`: augments every image at random, for test-time augmentation.
  public func logits(_ urls: [URL], random: RandomStream? = nil) throws -> Tensor {
    let features = try features(of: urls, random: random)
    return Autograd.withoutGradients { linear(features, weight: weight, bias: bias) }
  }

  /// The fine-tuned weights of the image encoder, by their names in a checkpoint.
  public var state: [(name: String, tensor: Tensor)] {
    model.imageState.map { ($0.name, $0.exported) }
  }

  func load(_ state: [Tensor]) {
    for (entry, tensor) in zip(model.imageState, state) { entry.load(tensor) }
  }

  /// Restores the original weights of the model.
  public func restore() { load(original) }
}
