import Foundation

/// A classifier of images: texts of a model, or a fitted adapter.
public struct ImageClassifier: Sendable {
  /// The K labels.
  public let labels: [String]
  /// Whether labels are independent of each other, so that an image may have none or several: probabilities
  /// are then sigmoids and do not sum to 1.
  public let isIndependent: Bool
  /// For independent labels: the probability from which each is predicted, `[K]`.
  public let thresholds: [Double]
  /// The conformal prediction sets; nil for none.
  public private(set) var sets: ConformalSets?
  /// The number by which logits were divided; 1 for none.
  public let temperature: Double
  /// The text embeddings, `[K, D]`, or `[2K, D]` of findings and absences in turn; nil for an adapter.
  public let textEmbeddings: Tensor?
  private let score: @Sendable (Tensor) throws -> [[Float]]

  /// Zero-shot classification: probabilities are a softmax over the labels, or, if they are independent, over a
  /// finding and its absence, one finding at a time.
  ///
  /// - Parameters:
  ///   - labels: the labels; for independent ones findings, without "normal" and "no …".
  ///   - model: the model.
  ///   - prompt: the prompt template with `[CLS]`; nil for that of the model.
  ///   - knowledge: descriptions by label; nil for the plain labels. The absence of a finding is the label
  ///     "no FINDING", as in the published experiments.
  ///   - independent: whether labels are independent of each other.
  /// - Throws: ``TransferError/invalid(_:)`` for an independent label that is itself an absence.
  public init(
    labels: [String], model: KeepFITModel, prompt: String? = nil, knowledge: Knowledge? = nil,
    independent: Bool = false
  ) throws(TransferError) {
    self.labels = labels
    isIndependent = independent
    thresholds = independent ? labels.map { _ in 0.5 } : []
    temperature = 1
    var names = labels
    if independent {
      names = []
      for label in labels { names += try Self.pair(label) }
    }
    let texts = model.labelEmbeddings(names, prompt: prompt, knowledge: knowledge)
    textEmbeddings = texts
    score = { [names] pixels in
      let rows = model.classify(
        embeddings: model.imageEmbeddings(pixels), labels: names, labelEmbeddings: texts
      ).logits
      guard independent else { return rows }
      return rows.map { row in labels.indices.map { row[2 * $0] - row[2 * $0 + 1] } }
    }
  }

  /// The label of a finding and that of its absence.
  /// - Throws: ``TransferError/invalid(_:)`` for a label that is an absence.
  package static func pair(_ label: String) throws(TransferError) -> [String] {
    guard !ClassRoles.isNegative(label) else {
      throw .invalid(
        "'\(label)' is not a finding: independent labels are scored against their absence, \"no …\"; "
          + "leave it out")
    }
    return [label, ClassRoles.absence(of: label)]
  }

  /// The first label that is the same as an earlier one, apart from letter case.
  package static func repeated(in labels: [String]) -> (label: String, earlier: String)? {
    for (index, label) in labels.enumerated() {
      if let earlier = labels[..<index].first(where: { $0.lowercased() == label.lowercased() }) {
        return (label, earlier)
      }
    }
    return nil
  }

  /// Classification with an adapter, with its temperature if it has one.
  /// - `errorRate`: the accepted error rate of conformal prediction sets; nil for no sets.
  /// - Throws: ``TransferError`` for another model, or an adapter that allows no such sets.
  public init(
    _ adapter: Adapter, model: KeepFITModel, errorRate: Double? = nil
  ) throws(TransferError) {
    let encoder = KeepFITTransferModel(model)
    try adapter.check(encoder)
    labels = adapter.classes
    isIndependent = adapter.thresholds != nil
    thresholds = adapter.thresholds ?? []
    let scale = adapter.calibration?.temperature ?? 1
    temperature = scale
    textEmbeddings = nil
    score = { pixels in
      Classification(labels: adapter.classes, logits: try adapter.logits(pixels, model: encoder))
        .logits.map { row in row.map { $0 / Float(scale) } }
    }
    guard let errorRate else { return }
    guard !isIndependent else {
      throw .invalid("prediction sets are for one label per image; this adapter has several")
    }
    guard let calibration = adapter.calibration, !calibration.trueProbabilities.isEmpty else {
      throw .invalid(
        "prediction sets need an adapter that was saved with validation images: keepfit transfer "
          + "--save-adapters --shots-val N, or rows marked val in a column 'split'")
    }
    sets = try ConformalSets(
      trueProbabilities: calibration.trueProbabilities, errorRate: errorRate)
  }

  /// Classifies images.
  /// - Parameters:
  ///   - pixels: `[N, S, S, 3]`, 0 to 1.
  ///   - images: their paths, `[N]`.
  ///   - quality: their quality, `[N]`; nil if it was not checked.
  /// - Throws: ``TransferError`` when the adapter cannot be used with the model.
  public func predictions(
    _ pixels: Tensor, images: [String], quality: [ImageQuality?]? = nil
  ) throws -> [ImagePrediction] {
    let rows = try score(pixels)
    return rows.indices.map { index in
      let logits = rows[index]
      let probabilities = isIndependent ? logits.map(Self.sigmoid) : Self.softmax(logits)
      let predicted =
        isIndependent
        ? labels.indices.filter { Double(probabilities[$0]) >= thresholds[$0] }
        : [logits.max().flatMap(logits.firstIndex(of:)) ?? 0]
      return ImagePrediction(
        image: images[index], labels: labels, predicted: predicted.map { labels[$0] },
        logits: logits, probabilities: probabilities, quality: quality?[index],
        predictionSet: sets?.set(probabilities).map { labels[$0] })
    }
  }

  private static func sigmoid(_ logit: Float) -> Float { 1 / (1 + exp(-logit)) }

  private static func softmax(_ logits: [Float]) -> [Float] {
    Tensor(logits, shape: [1, logits.count]).softmax(axis: 1).scalars
  }
}
