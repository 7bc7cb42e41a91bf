import Foundation

extension FineTuning {
  /// Image files with their classes, or with any number of labels each.
  public struct Samples: Sendable {
    /// The files.
    public var urls: [URL]
    /// Their classes.
    public var labels: [Int]
    /// For several labels per image: whether each label applies, `[N, K]`; ``labels`` is then empty.
    public var targets: [[Bool]]?

    /// Creates it from files and classes.
    public init(urls: [URL], labels: [Int]) {
      precondition(urls.count == labels.count, "a class for every image")
      self.urls = urls
      self.labels = labels
    }

    /// Creates it from files with any number of labels each, `[N, K]`. The loss is then the binary
    /// cross-entropy, and the best epoch has the highest mean average precision.
    public init(urls: [URL], targets: [[Bool]]) {
      precondition(urls.count == targets.count, "targets for every image")
      self.urls = urls
      labels = []
      self.targets = targets
    }

    /// The loss of a batch of logits `[B, K]`.
    func loss(_ logits: Tensor, batch: [Int]) -> Tensor {
      guard let targets else {
        return Tensor.crossEntropy(logits: logits, classes: batch.map { labels[$0] })
      }
      let values = batch.flatMap { targets[$0].map { $0 ? Float(1) : 0 } }
      return Tensor.binaryCrossEntropy(
        logits: logits, targets: Tensor(values, shape: logits.shape))
    }

    /// The score by which the best epoch is selected: macro F1, or the mean average precision.
    func score(_ logits: Tensor, classCount: Int) throws -> Double {
      guard let targets else {
        let predictions = try Predictions(
          labels: labels, classCount: classCount,
          probabilities: logits.softmax().scalars.map(Double.init))
        return ClassificationMetrics(predictions).f1
      }
      let values = logits.scalars
      let precisions = (0..<classCount).compactMap { label in
        RankCurves(
          truth: targets.map { $0[label] },
          scores: targets.indices.map { Double(values[$0 * classCount + label]) }
        ).averagePrecision
      }
      return precisions.isEmpty ? 0 : PublishedArithmetic.mean(precisions)
    }
  }
}
