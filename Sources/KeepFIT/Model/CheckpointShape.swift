/// The sizes of a model, inferred from the shapes of its tensors.
struct CheckpointShape {
  var configuration = KeepFITConfiguration()
  var hasAttention = false
  var hasFusion = false

  /// - Parameter state: names as in KeepFIT and FLAIR checkpoints.
  /// - Throws: ``CheckpointError`` (`mismatch`) when a tensor that determines a size is missing, or the
  ///   sizes are not those of a known model.
  init(_ state: StateDictionary) throws {
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.mismatch, file: state.source, text)
    }
    func shape(_ name: String, rank: Int) throws -> [Int] {
      guard let tensor = state[name] else {
        let names = state.names.prefix(3).map { $0.quotable(limit: 60) }.joined(separator: ", ")
        throw failure(
          "is not a KeepFIT or FLAIR checkpoint: '\(name)' is missing; it begins with \(names)")
      }
      guard tensor.shape.count == rank, tensor.shape.allSatisfy({ $0 > 0 }) else {
        throw failure("'\(name)' has the shape \(tensor.shape), expected \(rank) dimensions")
      }
      return tensor.shape
    }
    /// The number of numbered parts `prefix0.`, `prefix1.`, …
    func count(_ prefix: String) -> Int {
      var numbers: Set<Int> = []
      for name in state.names where name.hasPrefix(prefix) {
        if let number = Int(name.dropFirst(prefix.count).prefix { $0 != "." }) {
          numbers.insert(number)
        }
      }
      return numbers.count
    }

    let vision = "vision_model.model."
    let width = try shape(vision + "conv1.weight", rank: 4)[0]
    let blocks = (1...4).map { count(vision + "layer\($0).") }
    let hasBottlenecks = state[vision + "layer1.0.conv3.weight"] != nil
    guard
      let known = ResNetConfiguration.named.first(where: {
        $0.configuration.blocks == blocks && $0.configuration.hasBottlenecks == hasBottlenecks
      })
    else {
      throw failure(
        "the image encoder has stages of \(blocks) blocks, which is not one of "
          + ResNetConfiguration.named.map(\.name).joined(separator: ", "))
    }
    configuration.vision = .init(architecture: known.name, width: width)

    let text = "text_model.model."
    let words = try shape(text + "embeddings.word_embeddings.weight", rank: 2)
    configuration.text.vocabularySize = words[0]
    configuration.text.hiddenSize = words[1]
    // The published models have heads of 64 channels; narrower ones have a single head.
    configuration.text.headCount = max(1, words[1] / 64)
    configuration.text.maximumPositions =
      try shape(text + "embeddings.position_embeddings.weight", rank: 2)[0]
    configuration.text.tokenTypeCount =
      try shape(text + "embeddings.token_type_embeddings.weight", rank: 2)[0]
    configuration.text.layerCount = count(text + "encoder.layer.")
    configuration.text.intermediateSize =
      try shape(text + "encoder.layer.0.intermediate.dense.weight", rank: 2)[0]
    configuration.projectionDimension =
      try shape("vision_model.projection_head_vision.projection.weight", rank: 2)[0]
    do {
      try configuration.text.validate()
    } catch {
      throw failure(error.description)
    }
    hasAttention = state.names.contains { $0.hasPrefix("attention.") }
    hasFusion = state.names.contains { $0.hasPrefix("atte_") }
    // Without the attention it is FLAIR, which reads shorter texts and downsamples with antialiasing.
    configuration.maximumTextLength =
      min(hasAttention ? 256 : 77, configuration.text.maximumPositions)
    if !hasAttention { configuration.preprocessing = .flair }
  }
}
