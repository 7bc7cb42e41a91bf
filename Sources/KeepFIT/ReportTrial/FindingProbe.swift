import Foundation

/// Zero-shot scores of findings by an image-text model: how much more similar an image is to a finding than to its
/// absence.
public struct FindingProbe {
  /// The model.
  public let model: KeepFITModel
  /// The prompt template, with `[CLS]` for a finding.
  public let prompt: String
  /// The image preprocessing.
  public let preprocessing: Preprocessing

  /// Creates a probe.
  /// - Parameters:
  ///   - model: the model.
  ///   - prompt: the prompt template, with `[CLS]`; nil for "A fundus fluorescein angiography of [CLS]".
  ///   - preprocessing: the image preprocessing; nil for that of the model.
  public init(_ model: KeepFITModel, prompt: String? = nil, preprocessing: Preprocessing? = nil) {
    self.model = model
    self.prompt = prompt ?? PromptTemplates.inference.angiography
    self.preprocessing = preprocessing ?? model.configuration.preprocessing
  }

  /// The prompts of findings and of their absence in turn.
  package func prompts(_ findings: [String]) -> [String] {
    findings.flatMap { [$0, ClassRoles.absence(of: $0)] }
      .map { PromptTemplates.prompt(prompt, category: $0) }
  }

  /// The embeddings of ``prompts(_:)``.
  package func embeddings(_ findings: [String]) -> Tensor {
    model.textEmbeddings(prompts(findings))
  }

  /// The scores of studies: the difference of the logits of a finding and of "no" finding, the mean over the images
  /// of a study.
  /// - Parameters:
  ///   - studies: studies with an image or more each.
  ///   - texts: the embeddings of K findings and of their absence in turn, `[2K, D]`; at least one.
  ///   - root: the directory that image paths start from.
  /// - Returns: K scores for each study.
  /// - Throws: `ImageError` for the first file that cannot be used.
  func scores(of studies: [ReportStudy], texts: Tensor, root: URL) throws -> [[Float]] {
    let images = try ReportTrial.features(of: studies, root: root) { files, batch in
      try model.imageEmbeddings(contentsOf: files, preprocessing: preprocessing)
        .groupMeans(of: batch.map(\.images.count))
    }
    let logits = model.logits(images: images, texts: texts).scalars
    let width = texts.shape[0]
    return studies.indices.map { study in
      (0..<width / 2).map { logits[study * width + 2 * $0] - logits[study * width + 2 * $0 + 1] }
    }
  }
}
