import Foundation
import FundusModels
import FundusTensor
import TestSupport
import Testing

/// A small report model with the weights that Scripts/goldens/reports.py wrote.
enum SmallReportModel {
  static let reports: [[Int32]] = [[0, 3, 7, 1, 1, 10, 0], [0, 9, 2, 5]]

  static var configuration: ReportModel.Configuration {
    var configuration = ReportModel.Configuration(vocabularySize: 11)
    configuration.vision = ResNetConfiguration(
      blocks: [1, 1, 1, 1], hasBottlenecks: false, width: 4)
    configuration.width = 16
    configuration.feedForward = 24
    configuration.heads = 2
    configuration.layers = 2
    return configuration
  }

  static func golden() throws -> SafetensorsFile {
    try SafetensorsFile(
      contentsOf: #require(
        Bundle.module.url(
          forResource: "reports", withExtension: "safetensors", subdirectory: "Goldens")))
  }

  static func model(_ file: SafetensorsFile) throws -> ReportModel {
    let model = ReportModel(configuration, initialization: .random(RandomStream(seed: 1)))
    for entry in model.stateEntries() where !entry.name.hasSuffix(".pe") {
      entry.load(try file.tensor(named: "state." + entry.name))
    }
    model.setDropout(0)
    return model
  }

  /// Studies of two images, `[4, H, W, 3]`; the first image of each, `[2, H, W, 3]`.
  static func images(_ file: SafetensorsFile) throws -> (all: Tensor, first: Tensor) {
    let images = try file.tensor(named: "images")
    let size = Array(images.shape[2...])
    return (
      images.reshaped([4] + size), images.sliced(axis: 1, 0..<1).reshaped([2] + size)
    )
  }
}

/// How far what a golden has and what ours gives may differ: of activations and losses, about ten
/// products, two norms of few values and a residual network; gradients pass through all of it twice and
/// through batch norms over four values.
private let tolerance = Tolerance(relative: 2e-5)
private let gradientTolerance = Tolerance(absolute: 1e-6, relative: 5e-4)

@Suite struct ReportModelTests {
  @Test func agreesWithPyTorchInUse() throws {
    let file = try SmallReportModel.golden()
    let model = try SmallReportModel.model(file)
    let images = try SmallReportModel.images(file).all
    let loss = model.loss(
      images: images, imagesPerStudy: [2, 2], reports: SmallReportModel.reports, mode: .inference)
    expectClose(
      loss.mean.reshaped([1]), try file.tensor(named: "eval.loss").reshaped([1]), tolerance, "loss")
    #expect(loss.tokens == 9)
    let memory = model.encode(images: images, imagesPerStudy: [2, 2], mode: .inference)
    let logits = model.logits(
      memory: memory, inputs: SmallReportModel.reports.map { Array($0.dropLast()) },
      mode: .inference)
    expectClose(
      logits.logSoftmax(axis: 1), try file.tensor(named: "eval.log_probabilities"), tolerance,
      "log-probabilities")
    #expect(!loss.total.requiresGradient)
  }

  @Test func agreesWithPyTorchInTraining() throws {
    let file = try SmallReportModel.golden()
    let model = try SmallReportModel.model(file)
    let images = try SmallReportModel.images(file).first
    let loss = model.loss(
      images: images, reports: SmallReportModel.reports, mode: .training(RandomStream(seed: 1)))
    expectClose(
      loss.mean.reshaped([1]), try file.tensor(named: "train.loss").reshaped([1]), tolerance, "loss"
    )
    loss.mean.backward()
    for entry in model.stateEntries() where !entry.name.hasSuffix(".pe") {
      if let buffer = entry.buffer {
        let expected = try file.tensor(named: "updated." + entry.name)
        expectClose(buffer.value, expected, tolerance, entry.name)
      } else {
        let gradient = try #require(entry.parameter?.gradient, "\(entry.name)")
        // Into the layout of the file.
        let found = gradient.rank == 4 ? gradient.transposed([3, 2, 0, 1]) : gradient
        let expected = try file.tensor(named: "gradient." + entry.name)
        if entry.name.contains("linears.1.bias") {
          // Adding to all keys of an attention changes nothing: what remains is rounding.
          #expect(found.scalars.allSatisfy { abs($0) <= 1e-6 }, "\(entry.name)")
        } else {
          expectClose(found, expected, gradientTolerance, "gradient of \(entry.name)")
        }
      }
    }
    #expect(model.batchesTracked.values.allSatisfy { $0 == 1 })
    #expect(model.batchesTracked.count == 12)
  }

  /// Ten steps of training as published: Adam with AMSGrad, coupled decay, gradients clipped by value.
  @Test func tenStepsAgreeWithPyTorch() throws {
    let file = try SmallReportModel.golden()
    let model = try SmallReportModel.model(file)
    let images = try SmallReportModel.images(file).first
    var settings = AdamW.Configuration.adam
    (settings.weightDecay, settings.usesMaximum, settings.gradientLimit) = (5e-5, true, 0.1)
    let optimizer = GroupedOptimizer([
      AdamW(model.visionParameters, configuration: settings),
      AdamW(model.decoderParameters, configuration: settings),
    ])
    let losses = (0..<10).map { step in
      let loss = model.loss(
        images: images, reports: SmallReportModel.reports,
        mode: .training(RandomStream(seed: UInt64(step)))
      ).mean
      loss.backward()
      optimizer.step(learningRates: [5e-5, 1e-4])
      optimizer.zeroGradients()
      return loss.item
    }
    // Adam's first steps are the signs of gradients, of which the smallest are rounding.
    expectClose(
      Tensor(losses, shape: [10]), try file.tensor(named: "steps.losses"),
      Tolerance(relative: 2e-4), "losses")
    #expect(losses[9] < losses[0])
  }

  @Test func publishedSizesHaveThePublishedState() throws {
    let model = ReportModel(
      ReportModel.Configuration(vocabularySize: 101), initialization: .placeholder)
    let entries = model.checkpointEntries()
    #expect(entries.count == 454)
    #expect(Set(entries.map(\.name)).count == 454)
    #expect(entries.count { $0.elementType == .int64 && $0.shape == [] } == 53)
    let shapes = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.shape) })
    #expect(shapes["visual_extractor.model.0.weight"] == [64, 3, 7, 7])
    #expect(shapes["visual_extractor.model.7.2.bn3.num_batches_tracked"] == [])
    #expect(shapes["visual_extractor.model.4.0.downsample.1.running_var"] == [256])
    let prefix = "encoder_decoder."
    #expect(shapes[prefix + "att_embed.0.weight"] == [512, 2048])
    #expect(shapes[prefix + "model.encoder.layers.2.self_attn.linears.3.bias"] == [512])
    #expect(shapes[prefix + "model.decoder.layers.1.src_attn.linears.0.weight"] == [512, 512])
    #expect(shapes[prefix + "model.decoder.layers.0.sublayer.2.norm.gamma"] == [512])
    #expect(shapes[prefix + "model.tgt_embed.0.lut.weight"] == [101, 512])
    #expect(shapes[prefix + "model.tgt_embed.1.pe"] == [1, 5000, 512])
    #expect(shapes[prefix + "logit.weight"] == [101, 512])
    let outside = model.decoderParameters.reduce(0) { $0 + $1.parameter.value.count }
    #expect(outside == 13_673_984 + 1025 * 101)
    #expect(model.visionParameters.reduce(0) { $0 + $1.parameter.value.count } == 23_508_032)
  }

  @Test func beginsAsPublished() throws {
    let model = ReportModel(
      SmallReportModel.configuration, initialization: .random(RandomStream(seed: 3)))
    let values = Dictionary(
      uniqueKeysWithValues: model.parameters.map { ($0.name, $0.parameter.value.scalars) })
    let biases = values.filter { $0.key.contains("_attn.linears.") && $0.key.hasSuffix("bias") }
    #expect(biases.count == 24 && Set(biases.values).count == 1)
    let weights = values.filter { $0.key.contains("_attn.linears.") && $0.key.hasSuffix("weight") }
    #expect(Set(weights.values).count == 24)
    let bound = (6.0 / Float(16 + 16)).squareRoot()
    #expect(weights.values.allSatisfy { $0.allSatisfy { abs($0) <= bound } })
    #expect(weights.values.contains { $0.contains { abs($0) > 0.9 * bound } })
    let table = try #require(values["encoder_decoder.model.tgt_embed.0.lut.weight"])
    #expect(table.allSatisfy { abs($0) <= (6.0 / Float(16 + 11)).squareRoot() })
    let positions = try #require(
      model.stateEntries().first { $0.name.hasSuffix("tgt_embed.1.pe") }?.buffer?.value)
    #expect(Array(positions.scalars[0..<4]) == [0, 1, 0, 1])
    #expect(abs(positions.scalars[16] - Float(sin(1.0))) <= 1e-6)
    #expect(abs(positions.scalars[19] - Float(cos(pow(10000, -2.0 / 16)))) <= 1e-6)
  }

  @Test func dropoutChangesTrainingOnly() throws {
    let file = try SmallReportModel.golden()
    let model = try SmallReportModel.model(file)
    model.vision.freezesBatchNorm = true
    let images = try SmallReportModel.images(file).first
    func loss(_ mode: ExecutionMode) -> Float {
      model.loss(images: images, reports: SmallReportModel.reports, mode: mode).mean.item
    }
    let used = loss(.inference)
    #expect(abs(loss(.training(RandomStream(seed: 1))) - used) <= 1e-4)
    model.setDropout(0.3)
    #expect(loss(.inference) == used)
    let first = loss(.training(RandomStream(seed: 1)))
    #expect(first == loss(.training(RandomStream(seed: 1))))
    #expect(first != loss(.training(RandomStream(seed: 2))))
    #expect(model.batchesTracked.isEmpty)
  }

  @Test func savesAndLoadsEveryBit() throws {
    let directory = try TemporaryDirectory()
    let model = ReportModel(
      SmallReportModel.configuration, initialization: .random(RandomStream(seed: 4)))
    for prefix in ["", "module."] {
      let file = directory.url.appending(path: "model\(prefix.count).safetensors")
      let entries = model.checkpointEntries()
      try Safetensors.write(
        entries.map { entry in
          entry.elementType == .int64
            ? CheckpointEntry(prefix + entry.name, integers: [7], shape: [])
            : CheckpointEntry(
              prefix + entry.name,
              model.stateEntries().first { $0.name == entry.name }?.exported ?? Tensor(0))
        }, to: file)
      let other = ReportModel(SmallReportModel.configuration, initialization: .placeholder)
      try other.loadWeights(StateDictionary(contentsOf: file))
      for (own, read) in zip(model.stateEntries(), other.stateEntries()) {
        #expect(own.exported.scalars == read.exported.scalars, "\(own.name)")
      }
      #expect(
        other.batchesTracked.count == 12 && other.batchesTracked.values.allSatisfy { $0 == 7 })
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    let directory = try TemporaryDirectory()
    let file = directory.url.appending(path: "model.safetensors")
    let model = ReportModel(
      SmallReportModel.configuration, initialization: .random(RandomStream(seed: 4)))
    try Safetensors.write(model.checkpointEntries(), to: file)
    var configuration = SmallReportModel.configuration
    configuration.vocabularySize = 12
    let other = ReportModel(configuration, initialization: .placeholder)
    let error = #expect(throws: CheckpointError.self) {
      try other.loadWeights(StateDictionary(contentsOf: file))
    }
    #expect(error?.description.contains("vocabulary of 10 words, but the given one has 11") == true)
    configuration = SmallReportModel.configuration
    configuration.feedForward = 32
    let shapes = #expect(throws: CheckpointError.self) {
      try ReportModel(configuration, initialization: .placeholder)
        .loadWeights(StateDictionary(contentsOf: file))
    }
    #expect(shapes?.description.contains("w_1.weight ([24, 16] in the file, [32, 16]") == true)
    let entry = try #require(
      model.parameters.first { $0.name.hasSuffix("logit.bias") }?.parameter)
    entry.value = Tensor(repeating: .nan, shape: [11])
    let broken = directory.url.appending(path: "broken.safetensors")
    try Safetensors.write(model.checkpointEntries(), to: broken)
    let finite = #expect(throws: CheckpointError.self) {
      try ReportModel(SmallReportModel.configuration, initialization: .placeholder)
        .loadWeights(StateDictionary(contentsOf: broken))
    }
    #expect(finite?.description.contains("logit.bias' holds nan") == true)
  }

  @Test func takesTheImageEncoderFromOtherCheckpoints() throws {
    let directory = try TemporaryDirectory()
    let vision = ResNet(
      SmallReportModel.configuration.vision, initialization: .random(RandomStream(seed: 5)))
    let model = ReportModel(
      SmallReportModel.configuration, initialization: .random(RandomStream(seed: 6)))
    for prefix in ["", "vision_model.model.", "module.vision_model.model."] {
      let file = directory.url.appending(path: "\(prefix.count).safetensors")
      var tensors = vision.stateEntries().map { (prefix + $0.name, $0.exported) }
      tensors.append(
        prefix.isEmpty
          ? ("fc.weight", Tensor(zeros: [2, 32])) : (prefix + "fc.bias", Tensor(zeros: [2])))
      try Safetensors.write(tensors, to: file)
      let other = ReportModel(SmallReportModel.configuration, initialization: .placeholder)
      try other.loadVisionWeights(file)
      for (own, read) in zip(vision.stateEntries(), other.vision.stateEntries()) {
        #expect(own.exported.scalars == read.exported.scalars, "\(own.name)")
      }
    }
    let file = directory.url.appending(path: "report.safetensors")
    try Safetensors.write(model.checkpointEntries(), to: file)
    let other = ReportModel(SmallReportModel.configuration, initialization: .placeholder)
    try other.loadVisionWeights(file)
    #expect(
      other.vision.stateEntries().map(\.exported.scalars)
        == model.vision.stateEntries().map(\.exported.scalars))
    #expect(
      other.batchesTracked.keys.contains("visual_extractor.model.4.0.bn1.num_batches_tracked"))
    let text = directory.url.appending(path: "text.safetensors")
    try Safetensors.write([("embeddings.weight", Tensor(zeros: [2, 2]))], to: text)
    let error = #expect(throws: CheckpointError.self) { try other.loadVisionWeights(text) }
    #expect(error?.description.contains("contains no ResNet") == true)
  }
}
