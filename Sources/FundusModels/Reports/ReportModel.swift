import Foundation
import FundusTensor

/// A model that generates the report of an angiography study: a residual network extracts patch features,
/// which a transformer encoder processes and a transformer decoder turns into words (R2Gen's and FFA-IR's
/// baseline, as KeepFIT fine-tunes it; arXiv 2405.11793).
///
/// The state has the published names: `visual_extractor.model.{0,1,4…7}.*` for the network, and
/// `encoder_decoder.*` for all else. Images are `[N, H, W, 3]`, normalized with ImageNet's mean and
/// deviation, 224 pixels wide as published; other sizes, also ones that are not square, work, since the
/// patches have no positions: the network sees a patch for every 32 x 32 pixels.
public final class ReportModel: Module {
  /// The sizes and dropout rates.
  public private(set) var configuration: Configuration
  /// Images to patches.
  public let vision: ResNet
  let patchEmbedding: Linear
  let encoder: [ReportEncoderLayer]
  let encoderNorm: DeviationNorm
  let decoder: [ReportDecoderLayer]
  let decoderNorm: DeviationNorm
  /// W of the embedded ids, `[V', D]`.
  let wordEmbedding: Embedding
  /// Sines and cosines, `[1, 5000, D]`.
  let positions: Buffer
  let output: Linear

  /// `num_batches_tracked` of each batch norm, by its name in a file: how many batches it was trained
  /// with.
  public package(set) var batchesTracked: [String: Int] = [:]

  /// A model initialized as published: the ResNet as in torchvision, the transformer Xavier-uniform, the rest
  /// uniform in ±1/√inputs.
  /// - Precondition: the configuration has no ``Configuration/problem``.
  public init(_ configuration: Configuration, initialization: Initialization) {
    precondition(configuration.problem == nil, configuration.problem ?? "")
    self.configuration = configuration
    let width = configuration.width
    vision = ResNet(configuration.vision, initialization: initialization.derived("vision"))
    patchEmbedding = Linear(
      inputs: configuration.vision.featureCount, outputs: width,
      initialization: initialization.derived("att_embed"))
    let transformer = ReportInitialization(initialization.derived("transformer"))
    encoder = (0..<configuration.layers).map {
      ReportEncoderLayer(configuration, transformer.derived("encoder.\($0)"))
    }
    encoderNorm = transformer.norm(width)
    decoder = (0..<configuration.layers).map {
      ReportDecoderLayer(configuration, transformer.derived("decoder.\($0)"))
    }
    decoderNorm = transformer.norm(width)
    wordEmbedding = Embedding(
      count: configuration.vocabularySize, features: width, initialization: .placeholder)
    wordEmbedding.weight.value = initialization.derived("lut").uniform(
      [configuration.vocabularySize, width],
      bound: ReportInitialization.xavier(configuration.vocabularySize, width))
    positions =
      if case .placeholder = initialization {
        Buffer(initialization.constant([1, Configuration.positions, width], 0))
      } else {
        Buffer(Self.positionTable(Configuration.positions, width: width))
      }
    output = Linear(
      inputs: width, outputs: configuration.vocabularySize,
      initialization: initialization.derived("logit"))
  }

  /// Names the state as the published code does.
  public func visit(_ state: inout StateVisitor) {
    state.child("visual_extractor.model.0", vision.conv1)
    state.child("visual_extractor.model.1", vision.bn1)
    for (stage, blocks) in vision.stages.enumerated() {
      for (index, block) in blocks.enumerated() {
        state.child("visual_extractor.model.\(stage + 4).\(index)", block)
      }
    }
    let prefix = "encoder_decoder."
    state.child(prefix + "att_embed.0", patchEmbedding)
    for (index, layer) in encoder.enumerated() {
      state.child(prefix + "model.encoder.layers.\(index)", layer)
    }
    state.child(prefix + "model.encoder.norm", encoderNorm)
    for (index, layer) in decoder.enumerated() {
      state.child(prefix + "model.decoder.layers.\(index)", layer)
    }
    state.child(prefix + "model.decoder.norm", decoderNorm)
    state.child(prefix + "model.tgt_embed.0.lut", wordEmbedding)
    state.buffer(prefix + "model.tgt_embed.1.pe", positions)
    state.child(prefix + "logit", output)
  }

  /// Sets every dropout rate, those of the attention weights and of the embedded patches too; they
  /// matter in training only.
  /// - Parameter rate: in `0..<1`.
  public func setDropout(_ rate: Float) {
    precondition((0..<1).contains(rate), "a dropout rate of \(rate)")
    configuration.dropout = rate
    configuration.attentionDropout = rate
    configuration.embeddingDropout = rate
  }

  /// The parameters of the image encoder, which are trained with a separate learning rate.
  public var visionParameters: [(name: String, parameter: Parameter)] {
    parameters.filter { $0.name.hasPrefix("visual_extractor.") }
  }

  /// All other parameters.
  public var decoderParameters: [(name: String, parameter: Parameter)] {
    parameters.filter { !$0.name.hasPrefix("visual_extractor.") }
  }

  func pass(_ mode: ExecutionMode) -> ReportPass {
    ReportPass(
      mode: mode, dropout: configuration.dropout,
      attentionDropout: configuration.attentionDropout)
  }

  /// PE[t, 2i] = sin(t ω_i), PE[t, 2i + 1] = cos(t ω_i), ω_i = 10000^(-2i / D); `[1, count, D]`.
  static func positionTable(_ count: Int, width: Int) -> Tensor {
    Tensor(shape: [1, count, width]) { span in
      for column in 0..<width {
        let rate = exp(-Float(column / 2 * 2) * (log(10000) / Float(width)))
        for position in 0..<count {
          let angle = Double(Float(position) * rate)
          span[position * width + column] = Float(column % 2 == 0 ? sin(angle) : cos(angle))
        }
      }
    }
  }
}
