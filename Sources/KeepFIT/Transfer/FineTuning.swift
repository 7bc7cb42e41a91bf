import Foundation

/// Trains the image encoder together with a linear classifier on top of its (projected) features.
///
/// AdamW (1e-4, epsilon 1e-4, decay 0.01) at a constant rate, gradients clipped to a norm of 1,
/// cross-entropy. Batches come in the order that PyTorch's loader gives. The released code freezes
/// nothing whatever it is told; here the freezing is real.
public enum FineTuning {
  /// What stays as it is.
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

  /// How the encoder is trained.
  public struct Options: Sendable, Codable, Equatable {
    /// What stays as it is.
    public var freeze = Freeze.none
    /// Starts the classifier from a linear probe, so that the encoder is not torn about by a random
    /// one (LP-FT; Kumar et al., ICLR 2022).
    public var startsFromProbe = false
    /// Times through the training images at most.
    public var epochs = 50
    /// Images of a step.
    public var batchSize = 8
    /// The learning rate of every step.
    public var learningRate = 1e-4
    /// Added to the root of AdamW's second moment.
    public var epsilon: Float = 1e-4
    /// AdamW's weight decay.
    public var weightDecay: Float = 0.01
    /// The largest norm of all gradients together.
    public var gradientNorm: Float = 1
    /// Normalizes by each batch and updates the running statistics, in batch norms that are not
    /// frozen.
    public var updatesBatchNorm = true
    /// With validation images: epochs without a better mean F1 before training stops and the best
    /// epoch is restored.
    public var patience = 10
    /// The first classifier and the order are those of `torch.manual_seed(seed)`.
    public var seed: UInt64 = 42

    /// The published settings.
    public init() {}
  }

  /// What happened in one epoch.
  public struct Epoch: Sendable, Codable {
    /// The number of the epoch, from 1.
    public let epoch: Int
    /// The mean loss of its steps.
    public let loss: Double
    /// The mean F1 on the validation images after it.
    public let validationF1: Double?
  }
}
