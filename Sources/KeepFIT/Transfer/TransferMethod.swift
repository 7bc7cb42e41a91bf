/// A method to adapt a pretrained model to a classification task.
public enum TransferMethod: String, Sendable, Codable, CaseIterable {
  /// Text prompts only, without fitting.
  case zeroShot = "zero-shot"
  /// Logistic regression on features.
  case linearProbe = "linear-probe"
  /// A small network between image features and texts.
  case clipAdapter = "clip-adapter"
  /// Texts combined with a cache of training features.
  case tipAdapter = "tip-adapter"
  /// The same with trained keys.
  case tipAdapterF = "tip-adapter-f"
  /// The encoder is trained together with a linear classifier.
  case fineTune = "fine-tune"

  /// Whether the method encodes class names.
  public var usesText: Bool { self != .linearProbe && self != .fineTune }
  /// Whether the method needs training images.
  public var isTrained: Bool { self != .zeroShot }
  /// Whether the result for the same images depends on the seed of the fold.
  public var isRandom: Bool { self == .clipAdapter || self == .tipAdapterF || self == .fineTune }
  /// Whether projected features are used by default: the published linear probe uses raw features, all
  /// other methods projected ones.
  public var projectsByDefault: Bool { self != .linearProbe }

  /// All methods that work on extracted features, in the order of the paper's table.
  public static let onFeatures: [TransferMethod] = [
    .zeroShot, .clipAdapter, .tipAdapter, .tipAdapterF, .linearProbe,
  ]
}
