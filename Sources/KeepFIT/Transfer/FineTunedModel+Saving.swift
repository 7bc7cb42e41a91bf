import Foundation

extension FineTunedModel {
  /// The fine-tuned weights and the classifier as an adapter, to save or to classify with.
  ///
  /// - Parameters:
  ///   - classes: the label of each class, as many as the classifier has.
  ///   - experiment: a name for the record.
  /// - Returns: a copy; ``restore()`` does not change it.
  public func adapter(classes: [String], experiment: String = "") -> Adapter {
    precondition(classes.count == weight.shape[0], "a label for every class")
    return Adapter(
      .fineTune, content: .tuned(self), classes: classes, projects: projects,
      model: model.fingerprint, experiment: experiment, preprocessing: source.preprocessing)
  }

  /// Writes an adapter directory, for ``Adapter/init(contentsOf:)`` and `keepfit classify --adapter`.
  ///
  /// - Parameters:
  ///   - directory: the directory to write.
  ///   - classes: the label of each class.
  ///   - force: whether existing files may be replaced.
  /// - Throws: `CheckpointError` when a file exists and `force` is off, or cannot be written.
  public func save(to directory: URL, classes: [String], force: Bool = false) throws {
    try adapter(classes: classes).save(to: directory, force: force)
  }
}

extension Adapter {
  /// Classifies image files.
  ///
  /// - Parameters:
  ///   - urls: the files.
  ///   - model: the model that the adapter was fitted on.
  ///   - batchSize: images per batch.
  /// - Throws: `ImageError` for the first file that cannot be used; ``TransferError`` for another model.
  public func classify(
    contentsOf urls: [URL], model: KeepFITModel, batchSize: Int = 8
  ) throws -> Classification {
    let encoder = KeepFITTransferModel(model)
    let preparation = preprocessing ?? model.configuration.preprocessing
    var parts: [Tensor] = []
    try preparation.forEachBatch(of: urls, size: batchSize) { batch in
      parts.append(try logits(batch.pixels, model: encoder))
    }
    guard !parts.isEmpty else { throw TransferError.invalid("there is no image to classify") }
    return Classification(labels: classes, logits: Tensor.concatenated(parts))
  }
}
