import Foundation

extension TransferPage {
  /// Adds the most confident mistakes of a result, each with the map of what speaks for the class
  /// that it was called.
  ///
  /// - Parameters:
  ///   - result: whose mistakes; usually the best.
  ///   - limit: how many at most.
  ///   - pictures: where the files are.
  ///   - texts: an embedding for each class, `[K, D]`; nil for pictures without maps.
  /// - Throws: what loading a picture throws.
  public mutating func addMistakes(
    of result: TransferResult, limit: Int = 12, pictures: LabelledPictures, source: PictureSource,
    model: any ExplainableModel, texts: Tensor?
  ) throws {
    struct Wrong {
      let image: String
      let truth: Int
      let called: Int
      let probability: Float
    }
    var seen = Set<String>()
    let wrong = result.folds.flatMap { fold in
      fold.testImages.indices.compactMap { index -> Wrong? in
        let row = fold.probabilities[index]
        guard let called = row.indices.max(by: { row[$0] < row[$1] }),
          called != fold.labels[index]
        else { return nil }
        return Wrong(
          image: fold.testImages[index], truth: fold.labels[index], called: called,
          probability: row[called])
      }
    }.sorted { ($1.probability, $0.image) < ($0.probability, $1.image) }
      .filter { seen.insert($0.image).inserted }
    for item in wrong.prefix(limit) {
      let picture = try source.load(pictures.root.appending(path: item.image))
      var images = [Self.png(picture)]
      if let texts {
        let text = texts.sliced(item.called..<item.called + 1)
        let map = Explanation.gradientWeighted(
          picture, text: result.classes[item.called], textEmbedding: text, model: model)
        images.append(Self.png(map.overlay(on: picture)))
      }
      mistakes.append(
        Mistake(
          images: images, name: item.image,
          lines: [
            "truth: \(result.classes[item.truth])",
            "called: \(result.classes[item.called]) (\(String(format: "%.3f", item.probability)))",
          ]))
    }
  }

  /// A picture `[H, W, 3]` from 0 to 1 as a PNG file, at most 256 pixels wide.
  static func png(_ picture: Tensor) -> Data {
    var picture = picture
    let side = max(picture.shape[0], picture.shape[1])
    if side > 256 {
      picture = picture.resized(
        height: max(1, picture.shape[0] * 256 / side),
        width: max(1, picture.shape[1] * 256 / side), antialias: true)
    }
    let pixels = picture.scalars.map { UInt8(min(max($0, 0), 1) * 255 + 0.5) }
    return FundusImage(width: picture.shape[1], height: picture.shape[0], pixels: pixels).pngData()
  }
}
