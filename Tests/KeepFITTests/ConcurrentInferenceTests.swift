import KeepFIT
import TestSupport
import Testing
import ThreadHarness

/// One model serves any number of threads and tasks. `make check-threads` runs the same, longer, under the
/// thread sanitizer.
@Suite(.timeLimit(.minutes(5))) struct ConcurrentInferenceTests {
  @Test func everyThreadGetsTheBitsOfOneAlone() async throws {
    let check = try ConcurrentInference()
    #expect(try await check.run(users: 8, rounds: 2) == [])
  }

  @Test func weightsMayChangeMeanwhile() throws {
    #expect(try ConcurrentInference().readBesideAWriter(readers: 4, changes: 5) == [])
  }

  /// What answers must not touch the weights, not even for a moment.
  @Test func explanationsTakeTheWeightsAsConstants() throws {
    let model = KeepFITTransferModel(try smallestModel())
    let image = Tensor(zeros: [32, 32, 3]) + 0.5
    let versions = model.model.parameters.map(\.parameter.version)
    _ = try Explanation.gradientWeighted(
      image, query: .init("glaucoma", model: model), model: model)
    #expect(model.model.parameters.map(\.parameter.version) == versions)
    #expect(model.model.parameters.allSatisfy { $0.parameter.gradient == nil })
    // The same for the images' own gradients.
    let pixels = Parameter(Tensor(zeros: [1, 32, 32, 3]) + 0.5)
    model.model.vision(pixels.tensor, mode: .inference).sum().backward()
    #expect(pixels.gradient != nil)
    #expect(model.model.parameters.allSatisfy { $0.parameter.gradient == nil })
  }

  /// A fine-tuned adapter answers with its own image encoder, in floats, and makes it once.
  @Test func aFineTunedAdapterLeavesTheModelAlone() throws {
    let folder = try TemporaryDirectory()
    let (model, other) = (try smallestModel(), try smallestModel())
    for (_, parameter) in other.vision.parameters { parameter.value = parameter.value * 1.1 }
    for (_, parameter) in other.visionHead.parameters { parameter.value = parameter.value * -1 }
    let fingerprint = KeepFITTransferModel(model).fingerprint
    // As `FineTunedModel` writes it.
    try folder.write(
      """
      {"format": 1, "method": "fine-tune", "classes": ["a", "b"], "projects": true,
       "model": "\(fingerprint)", "experiment": "test"}
      """, to: "adapter.json")
    let state = other.stateEntries().filter { $0.name.hasPrefix("vision_model.") }
    var tensors = state.map { CheckpointEntry($0.name, $0.exported) }
    tensors += [
      CheckpointEntry(
        "classifier.weight", Tensor([Float](repeating: 1, count: 32), shape: [2, 16])),
      CheckpointEntry("classifier.bias", Tensor([1, 2])),
    ]
    try Safetensors.write(
      tensors, to: folder.url.appending(path: "adapter.safetensors"), force: false)
    let adapter = try Adapter(contentsOf: folder.url)

    let images =
      Initialization.random(RandomStream(seed: 8)).uniform([2, 32, 32, 3], bound: 0.5) + 0.5
    let expected = other.imageEmbeddings(images)
    let transfer = KeepFITTransferModel(model)
    let (embeddings, versions) = (
      model.imageEmbeddings(images).scalars, model.parameters.map(\.parameter.version)
    )
    for _ in 0..<2 {
      let logits = try adapter.logits(images, model: transfer)
      let sums = expected.sum(axis: 1).scalars
      for row in 0..<2 {
        #expect(abs(logits[row, 0] - sums[row] - 1) < 1e-4)
        #expect(abs(logits[row, 1] - sums[row] - 2) < 1e-4)
      }
    }
    #expect(model.imageEmbeddings(images).scalars == embeddings)
    #expect(model.parameters.map(\.parameter.version) == versions)
    #expect(throws: TransferError.self) {
      try adapter.logits(images, model: KeepFITTransferModel(other))
    }
  }
}
