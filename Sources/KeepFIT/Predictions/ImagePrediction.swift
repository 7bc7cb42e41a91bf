import Foundation

/// The classification of one image, as `keepfit classify` writes it.
public struct ImagePrediction: Sendable, Equatable {
  /// The path of the image, as it was given.
  public var image: String
  /// The K labels.
  public var labels: [String]
  /// The predicted labels: one, unless labels are independent of each other; then all whose probability
  /// reaches their threshold, which may be none.
  public var predicted: [String]
  /// The logit of each label, `[K]`.
  public var logits: [Float]
  /// The probability of each label, `[K]`, 0 to 1. They sum to 1 unless labels are independent.
  public var probabilities: [Float]
  /// The eye: at first the one that the path names, if any. Whoever knows better sets it; what ``acquisition``
  /// states takes precedence.
  public var laterality: Laterality?
  /// What the image's DICOM file states; nil for other files.
  public var acquisition: AcquisitionInfo? {
    didSet { laterality = acquisition?.laterality ?? laterality }
  }
  /// The image quality; nil if it was not checked.
  public var quality: ImageQuality?
  /// The labels of the prediction set, most probable first; nil if none was requested.
  public var predictionSet: [String]?

  /// Creates a prediction; the laterality follows from the path.
  public init(
    image: String, labels: [String], predicted: [String], logits: [Float],
    probabilities: [Float], quality: ImageQuality? = nil, predictionSet: [String]? = nil
  ) {
    precondition(
      logits.count == labels.count && probabilities.count == labels.count, "a number for each label"
    )
    self.image = image
    self.labels = labels
    self.predicted = predicted
    self.logits = logits
    self.probabilities = probabilities
    self.quality = quality
    self.predictionSet = predictionSet
    laterality = Laterality(path: image)
  }

  /// The separator of several labels in one cell, as in manifests.
  static let separator = ";"

  /// The columns of a table of predictions.
  static func header(
    labels: [String], hasQuality: Bool, hasSet: Bool, hasAcquisition: Bool
  ) -> [String] {
    ["image", "label"] + labels.map { "probability_\($0)" }
      + (hasSet ? ["prediction_set"] : []) + ["laterality"]
      + (hasAcquisition ? ["modality", "pixel_spacing_mm"] : []) + (hasQuality ? ["quality"] : [])
  }

  /// The cells of ``header(labels:hasQuality:hasSet:hasAcquisition:)``. Quality is `ok` or the issues; the pixel spacing
  /// is that of rows and that of columns, separated by a semicolon.
  func cells(hasAcquisition: Bool) -> [String] {
    let spacing = acquisition?.pixelSpacing.map { "\($0.row)\(Self.separator)\($0.column)" }
    return [image, predicted.joined(separator: Self.separator)] + probabilities.map { "\($0)" }
      + (predictionSet.map { [$0.joined(separator: Self.separator)] } ?? [])
      + [laterality?.rawValue ?? ""]
      + (hasAcquisition ? [acquisition?.modality ?? "", spacing ?? ""] : [])
      + (quality.map { [$0.text] } ?? [])
  }

  /// The prediction as a JSON object: `image`, `label` (the predicted labels, separated by semicolons),
  /// `labels`, `logits`, `probabilities`, and `prediction_set`, `laterality`, `modality`, `pixel_spacing_mm` (of rows and
  /// of columns) and `quality` (a list of issues) where known.
  package var json: JSONValue {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    var members: [JSONValue.Member] = [
      .init("image", .string(image)),
      .init("label", .string(predicted.joined(separator: Self.separator))),
      .init("labels", list(labels)), .init("logits", .floats(logits)),
      .init("probabilities", .floats(probabilities)),
    ]
    if let predictionSet { members.append(.init("prediction_set", list(predictionSet))) }
    if let laterality { members.append(.init("laterality", .string(laterality.rawValue))) }
    if let modality = acquisition?.modality {
      members.append(.init("modality", .string(modality)))
    }
    if let spacing = acquisition?.pixelSpacing {
      members.append(
        .init("pixel_spacing_mm", .array([.number(spacing.row), .number(spacing.column)])))
    }
    if let quality { members.append(.init("quality", list(quality.issues.map(\.rawValue)))) }
    return .object(members)
  }
}
