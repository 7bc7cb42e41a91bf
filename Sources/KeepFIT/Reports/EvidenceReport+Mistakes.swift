import Foundation

extension EvidenceReport {
  /// Finds the most confident mistakes of all results and explains them.
  ///
  /// - Parameters:
  ///   - count: how many are shown.
  ///   - root: the directory that the test pictures' paths start from.
  ///   - preprocessing: how files become pictures.
  ///   - model: what looks at the pictures. Maps show where a picture speaks for the text of the
  ///     called class rather than for that of the true one, whatever the method.
  ///   - prompt: the sentence with `[CLS]` for the class.
  /// - Throws: what loading a picture throws.
  public mutating func explainMistakes(
    _ count: Int = 12, root: URL, preprocessing: Preprocessing, model: any ExplainableModel,
    prompt: String
  ) throws {
    var found:
      [(confidence: Float, image: String, truth: Int, called: Int, result: TransferResult)] = []
    for result in report.results {
      for fold in result.folds {
        for (index, row) in fold.probabilities.enumerated() {
          guard let called = row.indices.max(by: { row[$0] < row[$1] }),
            called != fold.labels[index]
          else { continue }
          found.append((row[called], fold.testImages[index], fold.labels[index], called, result))
        }
      }
    }
    found.sort { ($1.confidence, $0.image) < ($0.confidence, $1.image) }
    var seen: Set<String> = []
    for item in found where mistakes.count < count && seen.insert(item.image).inserted {
      let picture = try preprocessing.prepare(contentsOf: root.appending(path: item.image))
      let classes = item.result.classes
      let query = try Explanation.Query(
        ReportTemplates.prompt(prompt, category: classes[item.called]),
        against: [ReportTemplates.prompt(prompt, category: classes[item.truth])], model: model)
      let map = Explanation.gradientWeighted(picture, query: query, model: model)
      mistakes.append(
        Mistake(
          image: item.image,
          pictures: [
            try Self.thumbnail(picture), try Self.thumbnail(map.overlay(on: picture)),
          ], truth: item.result.classes[item.truth], called: item.result.classes[item.called],
          confidence: Double(item.confidence), method: Self.name(of: item.result)))
    }
  }

  /// A JPEG of at most 256 pixels a side.
  private static func thumbnail(_ picture: Tensor) throws -> Data {
    let side = min(256, picture.shape[0])
    let small = Autograd.withoutGradients {
      picture.reshaped([1] + picture.shape).resized(height: side, width: side, antialias: true)
    }
    return try FundusImage(small.reshaped([side, side, 3])).jpegData(quality: 85)
  }
}
