extension KeepFITModel {
  /// Sets up what the settings of a run ask for: missing attentions are added with weights that
  /// follow from the seed, its image size, encoders frozen, dropout and batch norm set.
  public func prepareForPretraining(_ settings: PretrainingConfiguration) {
    // The size that it is trained at is the size that it is used at.
    configuration.imageSize = settings.imageSize
    configuration.preprocessing.imageSize = settings.imageSize
    let objective = settings.objective.objective()
    let initialization = Initialization.random(
      RandomStream(seed: settings.seed).derived("initialization"))
    if objective.needsAttention { addAttention(initialization: initialization) }
    if objective.needsFusion { addFusion(initialization: initialization) }
    for case let attention? in [attention, expertIntoLabeled, labeledIntoExpert] {
      attention.axis = settings.attentionAxis
      if let dropout = settings.dropout { attention.dropout = dropout }
    }
    if let dropout = settings.dropout { text.setDropout(dropout) }
    // Statistics that move would change an encoder that is to stay as it is.
    vision.freezesBatchNorm = settings.freezesBatchNorm || settings.frozenEncoders.contains(.vision)
    vision.recomputesBlocks = settings.recomputesActivations
    text.recomputesLayers = settings.recomputesActivations
    for encoder in PretrainingConfiguration.Encoder.allCases {
      let parts: [any Module] =
        encoder == .vision ? [vision, visionHead] : [text, textHead]
      for part in parts {
        for (name, parameter) in part.parameters {
          // Nothing reads BERT's pooler, so that no gradient reaches it.
          parameter.isTrainable =
            !settings.frozenEncoders.contains(encoder) && !name.contains("pooler.")
        }
      }
    }
  }
}
