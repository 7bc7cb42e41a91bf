import Foundation

/// Fine-tuning of the image encoder together with a linear classifier on its (projected) features.
///
/// AdamW with a constant learning rate (1e-4, epsilon 1e-4, weight decay 0.01), gradient clipping at a norm
/// of 1, cross-entropy. Batches have the order of PyTorch's DataLoader. The released code ignores its
/// option to freeze layers; here it works.
public enum FineTuning {
  /// The frozen part of the encoder.
  public enum Freeze: String, Sendable, Codable, CaseIterable {
    /// Nothing: the whole encoder is trained.
    case none
    /// All but the last stage (`layer4`).
    case allButLastStage = "all-but-last-stage"
    /// All but the scales and shifts of batch norm.
    case batchNormOnly = "bn-only"
    /// The whole encoder: only the classifier is trained.
    case encoder

    /// Whether a parameter of the image encoder is trained.
    func trains(_ name: String) -> Bool {
      switch self {
      case .none: true
      case .allButLastStage: name.contains("layer4.")
      case .batchNormOnly: name.contains("bn") || name.contains("downsample.1.")
      case .encoder: false
      }
    }
  }

  /// The training settings.
  public struct Options: Sendable, Codable, Equatable {
    /// The frozen part of the encoder.
    public var freeze = Freeze.none
    /// Initializes the classifier from a linear probe, so that a random classifier does not distort the
    /// features (LP-FT; Kumar et al., ICLR 2022).
    public var startsFromProbe = false
    /// The maximum number of epochs.
    public var epochs = 50
    /// The batch size.
    public var batchSize = 8
    /// The learning rate.
    public var learningRate = 1e-4
    /// AdamW's epsilon.
    public var epsilon: Float = 1e-4
    /// AdamW's weight decay.
    public var weightDecay: Float = 0.01
    /// The maximum global gradient norm.
    public var gradientNorm: Float = 1
    /// Whether batch norms that are not frozen use batch statistics and update the running statistics.
    public var updatesBatchNorm = true
    /// Early stopping: with validation images, the number of epochs without a better macro F1 before training
    /// stops and the best epoch is restored.
    public var patience = 10
    /// The random seed; the initial classifier and the order are those of `torch.manual_seed(seed)`.
    public var seed: UInt64 = 42

    /// The published settings.
    public init() {}
  }

  /// The results of an epoch.
  public struct Epoch: Sendable, Codable {
    /// The number of the epoch, from 1.
    public let epoch: Int
    /// The mean training loss.
    public let loss: Double
    /// The macro F1 on the validation images; with several labels per image, the mean average precision.
    public let validationF1: Double?
  }

  /// How far a run is.
  public struct Progress: Sendable, CustomStringConvertible {
    /// The number of the epoch, from 1.
    public let epoch: Int
    /// The number of the step in its epoch, from 1.
    public let step: Int
    /// The number of steps per epoch.
    public let steps: Int
    /// The loss of the step.
    public let loss: Double

    /// The share of the epoch that is done.
    public var fraction: Double { Double(step) / Double(steps) }
    /// `fine-tuning, epoch 3, loss 0.412`
    public var description: String {
      "fine-tuning, epoch \(epoch), loss \((loss * 1000).rounded() / 1000)"
    }
  }
}
