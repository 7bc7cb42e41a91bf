import Foundation

/// The calibration of the image encoder for INT8 inference: activation ranges, recorded on representative
/// images. Stored with the model as `calibration.json`.
public struct VisionCalibration: Codable, Sendable, Equatable {
  /// The agreement of INT8 and FP32 embeddings: cosine similarities.
  public struct Agreement: Codable, Sendable, Equatable {
    /// The lowest over images.
    public let least: Float
    /// The mean over images.
    public let mean: Float
  }

  /// The reason why INT8 inference cannot be used.
  public enum Problem: Error, CustomStringConvertible, Equatable {
    /// There are no images.
    case noImages
    /// The embeddings deviate too much, even with half of the blocks in FP32.
    case disagrees(found: Float, wanted: Float)
    /// The calibration was made for other weights.
    case otherModel
    /// The channels of the encoder are not multiples of four.
    case shape

    public var description: String {
      switch self {
      case .noImages: "calibration needs at least one image"
      case .disagrees(let found, let wanted):
        "INT8 is too coarse for this model: the lowest cosine similarity is \(found), but \(wanted) is required"
      case .otherModel: "the calibration was made for other weights; run 'keepfit quantize' again"
      case .shape: "INT8 inference needs channels in multiples of four"
      }
    }
  }

  private var format = 1
  /// The fingerprint of the image encoder.
  public let model: String
  /// The activation ranges.
  public let ranges: ActivationRanges
  /// The number of blocks at the beginning of the network that stay in FP32.
  public let floatBlocks: Int
  /// The agreement with FP32, measured, if there were two images or more, on images that were not used for
  /// the ranges.
  public let agreement: Agreement

  enum CodingKeys: String, CodingKey {
    case format, model, ranges, agreement
    case floatBlocks = "float_blocks"
  }

  /// Calibrates on images, and determines the smallest number of blocks that must stay in FP32.
  ///
  /// - `images`: loads batches `[N, S, S, 3]` by index; called twice for each
  /// - `leastCosine`: the required cosine similarity of FP32 and INT8 embeddings for every image
  /// - Throws: ``Problem``, or errors of `images`
  public init(
    _ model: KeepFITModel, batches: Int, leastCosine: Float = 0.999,
    images: (Int) throws -> Tensor
  ) throws {
    guard model.vision.configuration.width % 4 == 0 else { throw Problem.shape }
    var halves = [ActivationRanges(model.vision), ActivationRanges(model.vision)]
    for index in 0..<batches {
      halves[index % 2].observe(try images(index), in: model.vision)
    }
    guard halves[0].images > 0 else { throw Problem.noImages }
    self.model = KeepFITTransferModel(model).fingerprint
    ranges = halves[1].images > 0 ? halves[0].union(halves[1]) : halves[0]

    // A single batch cannot be split into calibration and held-out images.
    let held = batches > 1 ? Array(stride(from: 1, to: batches, by: 2)) : [0]
    let exact = try held.map { model.imageEmbeddings(try images($0)) }
    let most = model.vision.stages.map(\.count).reduce(0, +) / 2
    var found: Agreement?
    for floatBlocks in 0...most {
      let network = QuantizedResNet(model.vision, ranges: halves[0], floatBlocks: floatBlocks)
      let cosines = try zip(held, exact).flatMap { index, exact in
        let pixels = try images(index)
        let rough = Autograd.withoutGradients { model.visionHead(network(pixels)) }
        return (rough * exact).sum(axis: 1).scalars
      }
      let agreement = Agreement(
        least: cosines.min() ?? 1, mean: cosines.reduce(0, +) / Float(max(1, cosines.count)))
      found = agreement
      if agreement.least >= leastCosine {
        self.floatBlocks = floatBlocks
        self.agreement = agreement
        return
      }
    }
    throw Problem.disagrees(found: found?.least ?? 0, wanted: leastCosine)
  }

  /// Reads a file.
  /// - Throws: `CheckpointError` when the file does not exist or is damaged.
  public init(contentsOf file: URL) throws {
    guard let data = try? Data(contentsOf: file) else {
      throw CheckpointError(
        .unreadable, file: file.relativePath, "there is no such calibration file")
    }
    try self.init(json: Array(data), name: file.relativePath)
  }

  /// Parses the content of a file.
  /// - Parameters:
  ///   - json: the bytes of the file.
  ///   - name: the file name, for error messages.
  /// - Throws: `CheckpointError` when it is not a calibration.
  public init(json: [UInt8], name: String) throws {
    guard let found = try? JSONDecoder().decode(Self.self, from: Data(json)), found.format == 1
    else { throw CheckpointError(.malformed, file: name, "is not a calibration") }
    let written = try JSONValue(parsing: Array(JSONEncoder().encode(found)))
    if let stray = try JSONValue(parsing: json).unknownKey(known: written) {
      throw CheckpointError(.malformed, file: name, stray.description)
    }
    self = found
  }

  /// Writes a file under a temporary name and renames it.
  public func write(to file: URL, force: Bool = false) throws {
    let text = try JSONText.encode(self, pretty: true)
    try AtomicFile.write(text + "\n", to: file, force: force)
  }
}

extension KeepFITModel {
  /// Switches image embedding to INT8 inference; training and explanation stay in FP32.
  /// - Throws: ``VisionCalibration/Problem`` when the calibration was made for other weights.
  public func useBytes(_ calibration: VisionCalibration) throws {
    guard calibration.model == KeepFITTransferModel(self).fingerprint,
      calibration.ranges.fits(vision), calibration.ranges.isUsable,
      (0..<vision.stages.map(\.count).reduce(0, +)).contains(calibration.floatBlocks)
    else { throw VisionCalibration.Problem.otherModel }
    vision.quantized = QuantizedResNet(
      vision, ranges: calibration.ranges, floatBlocks: calibration.floatBlocks)
  }
}
