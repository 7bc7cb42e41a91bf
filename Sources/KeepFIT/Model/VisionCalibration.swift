import Foundation

/// What the image encoder must know to multiply bytes in place of floats, found out on images of the
/// kind that it will see. Kept beside the model as `calibration.json`.
public struct VisionCalibration: Codable, Sendable, Equatable {
  /// How far embeddings from bytes lie from those from floats: cosines, 1 for none.
  public struct Agreement: Codable, Sendable, Equatable {
    /// Of the worst image.
    public let least: Float
    /// The mean over images.
    public let mean: Float
  }

  /// Why bytes cannot be used.
  public enum Problem: Error, CustomStringConvertible, Equatable {
    /// There is nothing to look at.
    case noImages
    /// Even with half of the blocks in floats the embeddings lie too far off.
    case disagrees(found: Float, wanted: Float)
    /// The calibration was made for other weights.
    case otherModel
    /// The channels of the encoder do not come in fours.
    case shape

    public var description: String {
      switch self {
      case .noImages: "calibration needs at least one image"
      case .disagrees(let found, let wanted):
        "bytes are too coarse for this model: the worst cosine is \(found), wanted \(wanted)"
      case .otherModel: "the calibration was made for other weights; run 'keepfit calibrate' again"
      case .shape: "bytes need channels in fours"
      }
    }
  }

  private var format = 1
  /// The fingerprint of the image encoder.
  public let model: String
  /// The largest activations.
  public let ranges: ActivationRanges
  /// Blocks at the beginning that stay in floats.
  public let floatBlocks: Int
  /// Measured, where there were two images or more, on those that the ranges of the measurement had
  /// not seen.
  public let agreement: Agreement

  enum CodingKeys: String, CodingKey {
    case format, model, ranges, agreement
    case floatBlocks = "float_blocks"
  }

  /// Looks at images and finds how few blocks must stay in floats.
  ///
  /// - `images`: loads batch after batch, `[N, S, S, 3]`; asked for twice
  /// - `leastCosine`: between the embeddings of floats and of bytes, for the worst image
  /// - Throws: ``Problem``, or what `images` throws
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

    // With one batch there is nothing to hold out.
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
  /// - Throws: `CheckpointError` when there is none or it is damaged.
  public init(contentsOf file: URL) throws {
    guard let data = try? Data(contentsOf: file) else {
      throw CheckpointError(.unreadable, file: file.relativePath, "there is no calibration here")
    }
    try self.init(json: Array(data), name: file.relativePath)
  }

  /// Reads what a file holds.
  /// - Parameters:
  ///   - json: the bytes of the file.
  ///   - name: the file, for messages.
  /// - Throws: `CheckpointError` when it is no calibration.
  public init(json: [UInt8], name: String) throws {
    guard let found = try? JSONDecoder().decode(Self.self, from: Data(json)), found.format == 1
    else { throw CheckpointError(.malformed, file: name, "is no calibration") }
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
  /// From now on embeds images with byte products; training and explanation keep to floats.
  /// - Throws: ``VisionCalibration/Problem`` when the calibration belongs to other weights.
  public func useBytes(_ calibration: VisionCalibration) throws {
    guard calibration.model == KeepFITTransferModel(self).fingerprint,
      calibration.ranges.fits(vision), calibration.ranges.isUsable,
      (0..<vision.stages.map(\.count).reduce(0, +)).contains(calibration.floatBlocks)
    else { throw VisionCalibration.Problem.otherModel }
    vision.quantized = QuantizedResNet(
      vision, ranges: calibration.ranges, floatBlocks: calibration.floatBlocks)
  }
}
