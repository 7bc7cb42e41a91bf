/// The sentence that class names are put into, and who chose it.
public struct ClassPrompt: Sendable, Codable, Equatable {
  /// Who chose a sentence, the first of these that has one.
  public enum Source: String, Sendable, Codable {
    /// Whoever started the run.
    case option
    /// The model, whose configuration has a caption of its own.
    case model
    /// The modality of the images.
    case modality
  }

  /// The sentence, with `[CLS]` for the class.
  public let template: String
  /// Who chose it.
  public let source: Source

  /// The first sentence that there is.
  public init(asked: String?, model: String?, modality: ImagingModality) {
    if let asked {
      (template, source) = (asked, .option)
    } else if let model, model.contains("[CLS]") {
      (template, source) = (model, .model)
    } else {
      (template, source) = (ReportTemplates.inference[modality], .modality)
    }
  }
}

extension ClassKnowledge {
  /// A warning when all texts have nearly the same embedding: the sign of a text encoder that was
  /// loaded in part, or has collapsed. Such a model tells no classes apart by their names.
  public var collapseNote: String? { Self.collapseNote(of: textEmbeddings) }

  /// The same for any text embeddings `[K, D]`; nil for fewer than two.
  public static func collapseNote(of embeddings: Tensor) -> String? {
    let (count, width) = (embeddings.shape[0], embeddings.shape[1])
    guard count >= 2 else { return nil }
    let values = embeddings.scalars
    func cosine(_ a: Int, _ b: Int) -> Double {
      var (product, first, second) = (0.0, 0.0, 0.0)
      for column in 0..<width {
        let x = Double(values[a * width + column])
        let y = Double(values[b * width + column])
        product += x * y
        first += x * x
        second += y * y
      }
      return product / (first * second).squareRoot()
    }
    // If all resemble the first one, all resemble each other.
    let least = (1..<count).map { cosine(0, $0) }.min() ?? 0
    guard !(least <= 0.99999) else { return nil }
    return "all \(count) class texts have nearly the same embedding (least cosine "
      + "\(least.isNaN ? "undefined" : "\((least * 1e7).rounded() / 1e7)")): the text encoder tells no "
      + "classes apart, its weights may be missing or it has collapsed"
  }
}
