/// A way to make a classifier of a pretrained model.
public enum TransferMethod: String, Sendable, Codable, CaseIterable {
  /// Texts alone: nothing is fitted.
  case zeroShot = "zero-shot"
  /// Logistic regression on features.
  case linearProbe = "linear-probe"
  /// A small network between features and texts.
  case clipAdapter = "clip-adapter"
  /// Texts beside a cache of training features.
  case tipAdapter = "tip-adapter"
  /// The same with trained keys.
  case tipAdapterF = "tip-adapter-f"
  /// The encoder is trained together with a linear classifier.
  case fineTune = "fine-tune"

  /// Whether class names are encoded.
  public var usesText: Bool { self != .linearProbe && self != .fineTune }
  /// Whether training images are needed.
  public var isTrained: Bool { self != .zeroShot }
  /// Whether fitting the same images again with another fold's seed may give something else.
  public var isRandom: Bool { self == .clipAdapter || self == .tipAdapterF || self == .fineTune }
  /// Whether features go through the projection head when nobody says otherwise: the published
  /// linear probe looks at raw features, everything else at projected ones.
  public var projectsByDefault: Bool { self != .linearProbe }

  /// All methods that work on extracted features, in the order of the paper's table.
  public static let onFeatures: [TransferMethod] = [
    .zeroShot, .clipAdapter, .tipAdapter, .tipAdapterF, .linearProbe,
  ]
}
