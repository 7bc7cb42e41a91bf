/// The forward pass from a batch to its loss terms.
struct TrainingStep {
  let model: KeepFITModel
  let objective: any PretrainingObjective
  let configuration: PretrainingConfiguration
  let communicator: any Communicator

  /// Whether the loss is over the global batch of all ranks.
  private var isGlobal: Bool { communicator.size > 1 && configuration.lossScope == .global }

  /// The loss terms. Labeled images are encoded before the expert ones, so that running statistics are
  /// updated in that order.
  ///
  /// - Parameter stream: the random stream of this step, the same on every rank.
  func terms(_ batch: PretrainingBatch, stream: RandomStream) -> [LossTerm] {
    let own = stream.derived("rank", UInt64(communicator.rank))
    var streams = [batch.labeled]
    if objective.needsExpertStream { streams.append(required(batch.expert, "expert stream")) }
    let texts = model.encode(
      tokens: streams.map(tokens), mode: .training(own.derived("text")))
    let encoded = zip(["labelled", "expert"], zip(streams, texts)).map { name, stream in
      encode(stream.0, texts: stream.1, stream: own.derived(name))
    }
    // The attentions use the pairs of all ranks, so their dropout must be the same on all ranks.
    let mode = ExecutionMode.training((isGlobal ? stream : own).derived("objective"))
    return objective.terms(
      EncodedBatch(labeled: encoded[0], expert: encoded.count > 1 ? encoded[1] : nil),
      heads: model.heads, mode: mode)
  }

  /// Text pooling includes the padding, so all ranks pad to the longest text of the global batch.
  private func tokens(_ samples: PretrainingSamples) -> TokenBatch {
    let tokens = model.tokenize(samples.texts)
    guard isGlobal else { return tokens }
    return tokens.padded(to: Int(communicator.maximum(Float(tokens.length))))
  }

  private func encode(
    _ samples: PretrainingSamples, texts: Tensor, stream: RandomStream
  ) -> EncodedStream {
    var images = model.encode(images: samples.images, mode: .training(stream.derived("vision")))
    var texts = texts
    var categories = samples.categories
    if isGlobal {
      images = communicator.gatherWithGradients(images)
      texts = communicator.gatherWithGradients(texts)
      categories = categories.map { CategoryExchange.gather($0, communicator) }
    }
    let targets =
      categories.map(ContrastiveLoss.categoryTargets)
      ?? ContrastiveLoss.pairTargets(images.shape[0])
    return EncodedStream(images: images, texts: texts, targets: targets)
  }
}
