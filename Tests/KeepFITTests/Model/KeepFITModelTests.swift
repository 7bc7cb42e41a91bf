import Foundation
import KeepFIT
import TestSupport
import Testing

/// A small model with the same parts as the full one, against PyTorch and transformers
/// (`Scripts/goldens/keepfit_model.py`).
@Suite final class KeepFITModelTests {
  static let goldens = Bundle.module.url(forResource: "Goldens", withExtension: nil)!
  static let labels = [
    "normal", "glaucoma", "severe diabetic retinopathy", "macular hole",
    "age related macular degeneration", "a retina with an épiretinal membrane",
  ]
  static let knowledge = Knowledge([
    .init(category: "glaucoma", descriptors: ["optic nerve abnormalities", "large optic cup"]),
    .init(category: "normal", descriptors: ["healthy", "no findings"]),
  ])
  let directory = FileManager.default.temporaryDirectory.appending(
    path: "model-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// The vocabulary that the goldens were made with, as a file.
  func vocabulary() throws -> URL {
    let url = directory.appending(path: "vocab.txt")
    if !FileManager.default.fileExists(atPath: url.path) {
      try AtomicFile.write(
        Vocabulary.fundus.tokens.joined(separator: "\n") + "\n", to: url, force: false)
    }
    return url
  }

  func golden() throws -> KeepFITModel {
    try KeepFITModel.load(
      Self.goldens.appending(path: "tiny-model.safetensors"), vocabulary: vocabulary())
  }

  static func difference(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape, a.count > 0 else { return .infinity }
    return zip(a.scalars, b.scalars).reduce(0) { largest, pair in
      let difference = abs(pair.0 - pair.1)
      return difference <= largest ? largest : difference.isNaN ? .infinity : difference
    }
  }

  @Test func answersAsPyTorchDoes() throws {
    let model = try golden()
    let expected = try SafetensorsFile(
      contentsOf: Self.goldens.appending(path: "tiny-outputs.safetensors"))
    #expect(model.configuration.vision == .init(architecture: "resnet18", width: 4))
    #expect(model.configuration.text.layerCount == 3 && model.configuration.text.headCount == 1)
    #expect(model.attention != nil && model.expertIntoLabeled == nil)
    let pixels = try expected.tensor(named: "pixels")
    let images = model.imageEmbeddings(pixels)
    #expect(Self.difference(images, try expected.tensor(named: "image")) <= 2e-6)
    let texts = model.labelEmbeddings(Self.labels)
    #expect(Self.difference(texts, try expected.tensor(named: "text")) <= 2e-6)
    let logits = try expected.tensor(named: "logits")
    #expect(Self.difference(model.logits(images: images, texts: texts), logits) <= 5e-5)
    let ensembles = model.labelEmbeddings(
      ["glaucoma", "normal", "macular hole"], knowledge: Self.knowledge)
    #expect(Self.difference(ensembles, try expected.tensor(named: "ensembles")) <= 2e-6)
    let answer = model.classify(pixels, labels: Self.labels)
    #expect(answer.labels == Self.labels && answer.logits.count == 2)
    #expect(answer.logits.flatMap { $0 } == model.logits(images: images, texts: texts).scalars)
    for row in answer.probabilities { #expect(abs(row.reduce(0, +) - 1) < 1e-5) }
    // The comparison itself notices a wrong answer.
    #expect(Self.difference(images, pixels) == .infinity)
    #expect(Self.difference(Tensor([.nan], shape: [1]), Tensor([0], shape: [1])) == .infinity)
  }

  @Test func theLogitScaleIsClampedButStays() throws {
    let model = try golden()
    for (value, factor): (Float, Float) in [(9, exp(4.6052)), (-3, 1), (1, exp(1))] {
      model.logitScale.value = Tensor(value)
      #expect(model.logitFactor == factor && model.logitScale.value.item == value)
    }
  }

  /// A model none of whose tensors has its first value.
  func perturbed() throws -> KeepFITModel {
    let model = try KeepFITModel(preset: .tiny, seed: 3)
    model.addFusion(initialization: .random(RandomStream(seed: 9)))
    var random = RandomStream(seed: 4)
    for entry in model.stateEntries() {
      entry.load(
        Tensor(
          (0..<entry.exported.count).map { _ in random.uniform(in: 0.01..<1) },
          shape: entry.fileShape))
    }
    return model
  }

  static func state(_ model: KeepFITModel) -> [String: [UInt32]] {
    Dictionary(
      uniqueKeysWithValues: model.stateEntries().map {
        ($0.name, $0.exported.scalars.map(\.bitPattern))
      })
  }

  @Test func everyTensorSurvivesSavingWithEqualBits() throws {
    let model = try perturbed()
    let before = Self.state(model)
    let first = Self.state(try KeepFITModel(preset: .tiny, seed: 3))
    #expect(first.allSatisfy { before[$0.key] != $0.value })

    let saved = directory.appending(path: "saved")
    try model.save(to: saved)
    let loaded = try KeepFITModel.load(saved)
    #expect(Self.state(loaded) == before)
    #expect(loaded.configuration == model.configuration)
    #expect(loaded.tokenizer.vocabulary.tokens == model.tokenizer.vocabulary.tokens)
    #expect(throws: CheckpointError.self) { try model.save(to: saved) }
    try model.save(to: saved, force: true)

    for name in ["weights.pth", "weights.safetensors", "weights.bin"] {
      let file = directory.appending(path: name)
      try loaded.saveWeights(to: file)
      let again = try KeepFITModel.load(file, vocabulary: saved.appending(path: "vocab.txt"))
      #expect(Self.state(again) == before, "\(name)")
    }
    #expect(throws: CheckpointError.self) {
      try model.saveWeights(to: directory.appending(path: "weights.onnx"))
    }
  }

  @Test func countsOfBatchesComeBackOut() throws {
    let model = try KeepFITModel(preset: .tiny)
    let file = directory.appending(path: "a.safetensors")
    let entries = model.checkpointEntries().map { entry in
      entry.name.hasSuffix("bn1.num_batches_tracked")
        ? CheckpointEntry(entry.name, integers: [77], shape: []) : entry
    }
    try Safetensors.write(entries, to: file)
    try AtomicFile.write(
      Vocabulary.fundus.tokens.joined(separator: "\n"), to: directory.appending(path: "vocab.txt"),
      force: false)
    let loaded = try KeepFITModel.load(file)
    let copy = directory.appending(path: "b.pth")
    try loaded.saveWeights(to: copy)
    let state = try StateDictionary(contentsOf: copy)
    #expect(try state["vision_model.model.bn1.num_batches_tracked"]?.integers() == [77])
    #expect(try state["vision_model.model.layer1.0.bn2.num_batches_tracked"]?.integers() == [0])
    #expect(state.names == entries.map(\.name))
  }

  /// Writes the tiny preset's tensors after `change` and loads them.
  func reload(_ change: (String) -> String?) throws -> KeepFITModel {
    let model = try KeepFITModel(preset: .tiny)
    let file = directory.appending(path: "\(UUID().uuidString).safetensors")
    let entries = model.stateEntries().compactMap { entry in
      change(entry.name).map { CheckpointEntry($0, entry.exported) }
    }
    try Safetensors.write(entries, to: file)
    return try KeepFITModel.load(file, vocabulary: vocabulary())
  }

  @Test func namesWhatDoesNotFit() throws {
    let flair = try reload { $0.hasPrefix("attention.") ? nil : $0 }
    #expect(flair.attention == nil && flair.configuration.maximumTextLength == 77)
    #expect(flair.configuration.preprocessing.name == "flair")
    #expect(try reload { "module." + $0 }.attention != nil)
    for (change, expected): ((String) -> String?, String) in [
      ({ $0 == "logit_scale" ? nil : $0 }, "1 missing: logit_scale"),
      ({ $0 == "attention.W_k.weight" ? "attention.W_x.weight" : $0 }, "attention.W_x.weight"),
      ({ $0.contains("layer2.1.bn2.bias") ? nil : $0 }, "layer2.1.bn2.bias"),
      ({ $0.contains("conv1.weight") ? nil : $0 }, "is not a KeepFIT or FLAIR checkpoint"),
      ({ $0.contains("layer4") ? nil : $0 }, "stages of [2, 2, 2, 0] blocks"),
    ] {
      let error = #expect(throws: CheckpointError.self) { try reload(change) }
      #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }
  }

  @Test func aShapeThatDiffersIsToldWithBothShapes() throws {
    let model = try KeepFITModel(preset: .tiny)
    let file = directory.appending(path: "shape.safetensors")
    try Safetensors.write(
      model.stateEntries().map {
        $0.name.hasSuffix("W_q.weight")
          ? CheckpointEntry($0.name, Tensor(zeros: [64, 65]))
          : CheckpointEntry($0.name, $0.exported)
      }, to: file)
    let error = #expect(throws: CheckpointError.self) {
      try KeepFITModel.load(file, vocabulary: vocabulary())
    }
    #expect(error?.kind == .mismatch)
    #expect(
      error?.description.contains(
        "attention.W_q.weight ([64, 65] in the file, [64, 64] expected)") == true)
  }

  @Test func aVocabularyOfAnotherSizeIsRefused() throws {
    let file = directory.appending(path: "few.txt")
    try AtomicFile.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n", to: file, force: false)
    let error = #expect(throws: CheckpointError.self) {
      try KeepFITModel.load(
        Self.goldens.appending(path: "tiny-model.safetensors"), vocabulary: file)
    }
    #expect(error?.description.contains("has 4 tokens") == true)
    // Without any, the message says how to name one.
    let missing = #expect(throws: CheckpointError.self) {
      try KeepFITModel.load(Self.goldens.appending(path: "tiny-model.safetensors"))
    }
    #expect(missing?.description.contains("--vocab") == true)
  }

  @Test func beginsFromTheEncodersOfOtherFiles() throws {
    let source = try KeepFITModel(preset: .tiny, seed: 1)
    let vision = directory.appending(path: "resnet.pth")
    try TorchCheckpoint.write(
      source.vision.stateEntries().map { CheckpointEntry($0.name, $0.exported) }
        + [CheckpointEntry("fc.weight", Tensor(zeros: [10, 4]))], to: vision)
    let text = directory.appending(path: "bert.bin")
    try TorchCheckpoint.write(
      source.text.stateEntries().filter { !$0.name.hasPrefix("pooler") }.map {
        let name = "bert." + $0.name
        return CheckpointEntry(
          name.hasSuffix("LayerNorm.weight") ? name.dropLast(6) + "gamma" : name, $0.exported)
      } + [
        CheckpointEntry("cls.predictions.bias", Tensor(zeros: [3])),
        CheckpointEntry("bert.embeddings.position_ids", integers: [0, 1], shape: [1, 2]),
      ], to: text)
    let model = try KeepFITModel(preset: .tiny, seed: 2)
    try model.loadVisionWeights(vision)
    try model.loadTextWeights(text)
    let pixels = Tensor(repeating: 0.5, shape: [1, 64, 64, 3])
    #expect(model.imageFeatures(pixels).scalars == source.imageFeatures(pixels).scalars)
    let tokens = model.tokenize(["a retina"])
    #expect(model.text.pooled(tokens).scalars == source.text.pooled(tokens).scalars)
    #expect(throws: CheckpointError.self) { try model.loadVisionWeights(text) }
    #expect(throws: CheckpointError.self) { try model.loadTextWeights(vision) }
  }

  @Test func configurationsAreCheckedKeyByKey() throws {
    let configuration = KeepFITConfiguration(.small)
    #expect(
      try KeepFITConfiguration(json: Array(configuration.json.utf8), source: "x") == configuration)
    #expect(try KeepFITConfiguration(json: Array("{}".utf8), source: "x") == KeepFITConfiguration())
    for (text, expected) in [
      (#"{"captoin": "x"}"#, "'captoin' is not known"),
      (
        #"{"vision": {"widht": 16}}"#,
        "'vision.widht' is not known; known keys are architecture, width"
      ),
      (#"{"text": {"hidden_sise": 64}}"#, "'text.hidden_sise' is not known"),
      (#"{"text": {"position_embedding_type": "relative_key"}}"#, "position_embedding_type"),
      (#"{"image_size": "x"}"#, "image_size"),
      (#"{"image_size": 0}"#, "image_size"),
      (#"{"vision": {"architecture": "vgg"}}"#, "'vgg' of width 64 is unknown"),
      (#"{"vision": {"width": -1}}"#, "width -1"),
      (#"{"text": {"num_attention_heads": 7}}"#, "num_attention_heads"),
      (#"{"max_text_length": 600}"#, "max_text_length 600"),
      (#"{"preprocessing": "best"}"#, "best"),
      (#"[1"#, "JSON"),
    ] {
      let error = #expect(throws: CheckpointError.self) {
        try KeepFITConfiguration(json: Array(text.utf8), source: "config.json")
      }
      let message = try #require(error).description
      #expect(message.contains(expected) && message.hasPrefix("config.json"), "\(message)")
    }
  }

  @Test func textBatchesArePaddedTogether() throws {
    let model = try golden()
    let texts = ["normal", "a large geographic atrophy of the macula with drusen", "glaucoma"]
    let all = model.textEmbeddings(texts)
    let single = model.textEmbeddings(texts, batchSize: 1)
    #expect(all.shape == [3, 12] && single.shape == [3, 12])
    #expect(Self.difference(all, single) > 1e-4, "padding counts in the published pooling")
    let long = Self.difference(
      all.sliced(axis: 0, 1..<2), single.sliced(axis: 0, 1..<2))
    #expect(long < 1e-6)
    #expect(model.textEmbeddings([String]()).shape == [0, 12])
  }
}
