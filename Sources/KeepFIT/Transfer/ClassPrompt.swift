/// The prompt template for class names, and its source.
public struct ClassPrompt: Sendable, Codable, Equatable {
  /// The source of a template, in order of precedence.
  public enum Source: String, Sendable, Codable {
    /// The options of the run.
    case option
    /// The model, whose configuration has its own caption.
    case model
    /// The modality of the images.
    case modality
  }

  /// The template, with `[CLS]` for the class.
  public let template: String
  /// Its source.
  public let source: Source

  /// The first template available.
  public init(asked: String?, model: String?, modality: ImagingModality) {
    if let asked {
      (template, source) = (asked, .option)
    } else if let model, model.contains("[CLS]") {
      (template, source) = (model, .model)
    } else {
      (template, source) = (PromptTemplates.inference[modality], .modality)
    }
  }
}

extension ClassKnowledge {
  /// A warning if all texts have nearly the same embedding, a sign of a text encoder that was only partly
  /// loaded or has collapsed. Such a model cannot distinguish classes by their names.
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
    // If all are similar to the first one, all are similar to each other.
    let least = (1..<count).map { cosine(0, $0) }.min() ?? 0
    guard !(least <= Double(KeepFITModel.alikeCosine)) else { return nil }
    return "all \(count) class texts have nearly the same embedding (lowest cosine similarity "
      + "\(least.isNaN ? "undefined" : "\((least * 1e7).rounded() / 1e7)")): the text encoder cannot "
      + "distinguish the classes; its weights may be missing or collapsed"
  }
}

extension ClassPrompt {
  /// Refuses classes that are not words, such as grades: images are compared with their names.
  /// - Parameters:
  ///   - classes: the labels.
  ///   - use: what compares, such as `zero-shot`.
  ///   - alternative: another remedy, for the error.
  /// - Throws: ``TransferError/invalid(_:)`` that names the first such class.
  static func checkNames(
    of classes: [String], use: String, alternative: String = ""
  ) throws(TransferError) {
    guard let bare = classes.first(where: { !$0.contains(where: \.isLetter) }) else { return }
    throw .invalid(
      "\(use) compares images with class names, and '\(bare)' is not a name; name the "
        + "classes with --label-names \"\(bare)=…\" or in a JSON experiment, \"names\": "
        + "{\"\(bare)\": \"…\"}\(alternative)")
  }
}
