import Foundation

/// The classification of images by a model.
public struct Classification: Sendable, Equatable {
  /// The K labels.
  public let labels: [String]
  /// Scaled similarities, K for each image.
  public let logits: [[Float]]
  /// Their softmax over the labels, K for each image.
  public let probabilities: [[Float]]
}

extension KeepFITModel {
  /// One embedding per label.
  ///
  /// Without a knowledge table the prompts of all labels are padded together, as in the published model. With
  /// it, every label is represented by an ensemble of descriptions, padded together label by label, and its
  /// embedding is their mean, which is not normalized again: a label with diverse descriptions has smaller
  /// logits, as published.
  ///
  /// - `prompt`: the prompt template with `[CLS]` for the label; nil for that of the ``configuration``.
  /// - `knowledge`: descriptions by label; nil to use the plain labels.
  /// - Returns: `[K, D]`.
  public func labelEmbeddings(
    _ labels: [String], prompt: String? = nil, knowledge: Knowledge? = nil,
    rule: Knowledge.EnsembleRule = .keepFIT
  ) -> Tensor {
    let template = prompt ?? configuration.caption
    func sentence(_ category: String) -> String {
      PromptTemplates.prompt(template, category: category)
    }
    guard let knowledge else { return textEmbeddings(labels.map(sentence)) }
    // Labels whose prompts are padded to the same length share a batch: an embedding depends on the padded
    // length, not on the other texts.
    let batches = labels.map { tokenize(knowledge.ensemble(for: $0, rule: rule).map(sentence)) }
    let groups = Dictionary(grouping: labels.indices) { batches[$0].length }
    var results = [Tensor?](repeating: nil, count: labels.count)
    for (_, members) in groups.sorted(by: { $0.key < $1.key }) {
      let rows = members.flatMap { member in
        (0..<batches[member].count).map {
          Array(batches[member][$0].prefix(batches[member].lengths[$0]))
        }
      }
      let embeddings = textEmbeddings(TokenBatch(rows: rows, padding: tokenizer.special.padding))
      var start = 0
      for member in members {
        let count = batches[member].count
        let part = embeddings.sliced(axis: 0, start..<start + count)
        results[member] = part.mean(axis: 0, keepingAxis: true)
        start += count
      }
    }
    guard !labels.isEmpty else { return Tensor(zeros: [0, configuration.projectionDimension]) }
    return Tensor.concatenated(results.compactMap { $0 })
  }

  /// Zero-shot classification of images.
  ///
  /// - `pixels`: `[N, S, S, 3]`, 0 to 1.
  /// - `labels`: at least one.
  /// - `prompt`: the prompt template with `[CLS]` for the label; nil for that of the ``configuration``.
  /// - `knowledge`: descriptions by label (see ``labelEmbeddings(_:prompt:knowledge:rule:)``).
  public func classify(
    _ pixels: Tensor, labels: [String], prompt: String? = nil, knowledge: Knowledge? = nil,
    rule: Knowledge.EnsembleRule = .keepFIT
  ) -> Classification {
    classify(
      embeddings: imageEmbeddings(pixels), labels: labels,
      labelEmbeddings: labelEmbeddings(labels, prompt: prompt, knowledge: knowledge, rule: rule))
  }

  /// Zero-shot classification of image files.
  ///
  /// - `urls`: the image files.
  /// - `labels`: at least one.
  /// - `prompt`: the prompt template with `[CLS]` for the label; nil for that of the ``configuration``.
  /// - `knowledge`: descriptions by label (see ``labelEmbeddings(_:prompt:knowledge:rule:)``).
  /// - `batchSize`: images per batch.
  /// - Throws: `ImageError` for the first file that cannot be used.
  public func classify(
    contentsOf urls: [URL], labels: [String], prompt: String? = nil, knowledge: Knowledge? = nil,
    batchSize: Int = 8
  ) throws -> Classification {
    classify(
      embeddings: try imageEmbeddings(contentsOf: urls, batchSize: batchSize), labels: labels,
      labelEmbeddings: labelEmbeddings(labels, prompt: prompt, knowledge: knowledge))
  }

  /// Zero-shot classification of embeddings.
  ///
  /// - `embeddings`: image embeddings, `[N, D]`.
  /// - `labelEmbeddings`: `[K, D]` (see ``labelEmbeddings(_:prompt:knowledge:rule:)``).
  public func classify(
    embeddings: Tensor, labels: [String], labelEmbeddings: Tensor
  ) -> Classification {
    precondition(!labels.isEmpty && labelEmbeddings.shape[0] == labels.count, "one row per label")
    let logits = logits(images: embeddings, texts: labelEmbeddings)
    let probabilities = logits.softmax(axis: 1)
    func rows(_ tensor: Tensor) -> [[Float]] {
      let scalars = tensor.scalars
      return stride(from: 0, to: scalars.count, by: labels.count).map {
        Array(scalars[$0..<$0 + labels.count])
      }
    }
    return Classification(labels: labels, logits: rows(logits), probabilities: rows(probabilities))
  }
}
