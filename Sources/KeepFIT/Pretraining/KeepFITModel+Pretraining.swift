extension KeepFITModel {
  /// Configures the model for a run: adds missing attentions, initialized from the random seed, and sets the
  /// image size, frozen encoders, dropout and batch norm.
  /// - Parameters:
  ///   - settings: the settings of the run.
  ///   - objective: the loss; nil for the one that the settings name.
  public func prepareForPretraining(
    _ settings: PretrainingConfiguration, objective: (any PretrainingObjective)? = nil
  ) {
    // The model is used at the size that it is trained at.
    configuration.imageSize = settings.imageSize
    configuration.preprocessing.imageSize = settings.imageSize
    let objective = objective ?? settings.namedObjective
    let initialization = Initialization.random(
      RandomStream(seed: settings.seed).derived("initialization"))
    if objective.needsAttention { addAttention(initialization: initialization) }
    if objective.needsFusion { addFusion(initialization: initialization) }
    for case let attention? in [attention, expertIntoLabeled, labeledIntoExpert] {
      attention.axis = settings.attentionAxis
      if let dropout = settings.dropout { attention.dropout = dropout }
    }
    if let dropout = settings.dropout { text.setDropout(dropout) }
    // Updates of running statistics would change a frozen encoder.
    vision.freezesBatchNorm = settings.freezesBatchNorm || settings.frozenEncoders.contains(.vision)
    vision.recomputesBlocks = settings.recomputesActivations
    text.recomputesLayers = settings.recomputesActivations
    for encoder in PretrainingConfiguration.Encoder.allCases {
      let parts: [any Module] =
        encoder == .vision ? [vision, visionHead] : [text, textHead]
      for part in parts {
        for (name, parameter) in part.parameters {
          // BERT's pooler is unused and receives no gradient.
          parameter.isTrainable =
            !settings.frozenEncoders.contains(encoder) && !name.contains("pooler.")
        }
      }
    }
  }
}
