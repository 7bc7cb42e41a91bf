import Foundation

extension EvidenceReport {
  /// A misclassified image.
  public struct Mistake: Sendable {
    /// The path.
    public var image: String
    /// The photograph, and the photograph overlaid with the saliency map, as JPEG files.
    public var images: [Data]
    /// The true and the predicted label.
    public var truth: String, predicted: String
    /// The probability of the predicted class.
    public var confidence: Double
    /// The method with its number of training images.
    public var method: String
    /// The fold's number.
    public var fold: Int
    /// Whether any region of the image supports the predicted class over the true one; if not, the map is
    /// empty.
    public var hasEvidence = true

    package init(
      image: String, images: [Data], truth: String, predicted: String, confidence: Double,
      method: String, fold: Int, hasEvidence: Bool = true
    ) {
      self.image = image
      self.images = images
      self.truth = truth
      self.predicted = predicted
      self.confidence = confidence
      self.method = method
      self.fold = fold
      self.hasEvidence = hasEvidence
    }
  }

  /// Collects the most confident misclassifications of a run with their saliency maps, fold by fold, while
  /// the classifier of the fold is in place. Set it as ``TransferRun/onFold``.
  ///
  /// A map explains the difference of the classifier's logits of the predicted and the true class, with the
  /// encoder that the classifier was fitted on.
  public final class MistakeCollector {
    private let count: Int
    private let preprocessing: Preprocessing
    private let model: any ExplainableModel
    private var found: [Mistake] = []

    /// - `count`: the number of mistakes to keep, of different images.
    /// - `preprocessing`: the image preprocessing.
    /// - `model`: the model with the encoder of the classifiers.
    public init(_ count: Int = 12, preprocessing: Preprocessing, model: any ExplainableModel) {
      self.count = count
      self.preprocessing = preprocessing
      self.model = model
    }

    /// The collected mistakes, most confident first.
    public var mistakes: [Mistake] { found }

    /// Examines the predictions of a fold and explains the most confident mistakes.
    /// - Throws: errors of image loading, and when a map is not finite.
    public func add(_ item: FittedFold) throws {
      let fold = item.fold
      let wrong = fold.probabilities.indices.compactMap {
        index -> (index: Int, predicted: Int, confidence: Double)? in
        let row = fold.probabilities[index]
        guard let predicted = row.indices.max(by: { row[$0] < row[$1] }),
          predicted != fold.labels[index]
        else { return nil }
        return (index, predicted, Double(row[predicted]))
      }.sorted { ($1.confidence, $0.index) < ($0.confidence, $1.index) }
      for candidate in wrong {
        let image = fold.testImages[candidate.index]
        let rival = found.firstIndex { $0.image == image }
        if let rival {
          guard found[rival].confidence < candidate.confidence else { continue }
        } else if found.count >= count, found[count - 1].confidence >= candidate.confidence {
          break
        }
        let mistake = try explain(item, candidate, image: image)
        if let rival { found.remove(at: rival) }
        found.append(mistake)
        found.sort { ($1.confidence, $0.image) < ($0.confidence, $1.image) }
        found = Array(found.prefix(count))
      }
    }

    private func explain(
      _ item: FittedFold, _ candidate: (index: Int, predicted: Int, confidence: Double),
      image: String
    ) throws -> Mistake {
      let truth = item.fold.labels[candidate.index]
      let photograph = try Photograph(
        contentsOf: item.root.image(image), preprocessing: preprocessing)
      let map = try Explanation.gradientWeighted(
        photograph.pixels, content: photograph.content,
        query: item.query(for: candidate.predicted, against: truth), model: model)
      return Mistake(
        image: image,
        images: [
          try photograph.image.thumbnail(), try map.overlay(on: photograph).thumbnail(),
        ], truth: item.classes[truth], predicted: item.classes[candidate.predicted],
        confidence: candidate.confidence,
        method: EvidenceReport.name(of: item.configuration), fold: item.fold.fold,
        hasEvidence: map.maximum > 0)
    }
  }
}

extension FundusImage {
  /// A JPEG of at most 320 pixels per side, with the aspect ratio preserved.
  func thumbnail() throws -> Data {
    let shrink = min(1, 320 / Double(max(width, height)))
    let size = (
      height: max(1, Int((Double(height) * shrink).rounded())),
      width: max(1, Int((Double(width) * shrink).rounded()))
    )
    let pixels = Tensor(pixels.map { Float($0) / 255 }, shape: [1, height, width, 3])
    let small = Autograd.withoutGradients {
      pixels.resized(height: size.height, width: size.width, antialias: true)
    }
    return try FundusImage(small.reshaped([size.height, size.width, 3])).jpegData(quality: 85)
  }
}
