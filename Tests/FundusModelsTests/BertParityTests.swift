import Foundation
import FundusModels
import TestSupport
import Testing

/// The reference is `transformers`; Scripts/goldens/bert.py writes the files.
@Suite struct BertParityTests {
  struct Golden {
    let file: SafetensorsFile
    let model: Bert
    let batch: TokenBatch

    init(_ url: URL) throws {
      file = try SafetensorsFile(contentsOf: url)
      let text = try #require(file.metadata["config"])
      let configuration = try JSONDecoder().decode(
        BertConfiguration.self, from: Data(text.utf8))
      model = Bert(configuration, initialization: .placeholder)
      for entry in model.stateEntries() {
        entry.load(try file.tensor(named: "weight." + entry.name))
      }
      let lengths = try file.integers(named: "lengths")
      let ids = try file.integers(named: "ids")
      let longest = ids.count / lengths.count
      batch = TokenBatch(
        rows: lengths.enumerated().map { row, length in
          ids[row * longest..<row * longest + length].map { Int32($0) }
        })
      #expect(batch.ids.map { Int($0) } == ids)
    }

    /// - Parameter mode: training without dropout must give the same.
    func checkForward(mode: ExecutionMode) throws {
      let states = model.hiddenStates(of: batch, mode: mode)
      #expect(states.count == model.configuration.layerCount + 1)
      for (layer, state) in states.enumerated() {
        expectClose(
          state, try file.tensor(named: "state.\(layer)"), .hiddenState, "state \(layer)")
      }
      expectClose(
        model.pooled(batch, mode: mode), try file.tensor(named: "pooled"), .pooledText, "pooled")
      expectClose(
        model.pooled(batch, pooling: .tokens, mode: mode),
        try file.tensor(named: "pooled.tokens"), .pooledText, "pooled tokens")
    }

    func checkGradients(_ tolerance: Tolerance) throws {
      let training = ExecutionMode.training(RandomStream(seed: 1))
      let result = model.pooled(batch, mode: training)
      result.backward(gradient: try file.tensor(named: "cotangent"))
      var checked = 0
      for (name, parameter) in model.parameters {
        guard file.names.contains("gradient." + name) else {
          #expect(parameter.gradient == nil && name.hasPrefix("pooler."), "\(name)")
          continue
        }
        let expected = try file.tensor(named: "gradient." + name)
        let actual = try #require(parameter.gradient)
        if name.hasSuffix("self.key.bias") {
          // Exactly zero in theory: a constant added to all scores of a row changes no weight.
          let size = result.scalars.reduce(0) { max($0, abs($1)) }
          let isSmall = actual.scalars.allSatisfy { abs($0) <= 1e-5 * (1 + size) }
          #expect(isSmall, "\(name)")
        } else {
          expectClose(actual, expected, tolerance, "gradient of \(name)")
        }
        checked += 1
      }
      #expect(checked == 5 + 16 * model.configuration.layerCount)
    }
  }

  static func tiny() throws -> Golden {
    let resources = try #require(Bundle.module.resourceURL)
    return try Golden(resources.appending(path: "Goldens/bert.safetensors"))
  }

  @Test func hiddenStatesAndPoolingMatch() throws {
    let golden = try Self.tiny()
    try Autograd.withoutGradients { try golden.checkForward(mode: .inference) }
    try golden.checkForward(mode: .inference)
    try golden.checkForward(mode: .training(RandomStream(seed: 1)))
  }

  @Test func everyGradientMatches() throws {
    try Self.tiny().checkGradients(.textGradient)
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["KEEPFIT_BERT_PARITY"] != nil,
      "needs a file from Scripts/goldens/bert.py --full"))
  func fullSizeMatches() throws {
    let path = try #require(ProcessInfo.processInfo.environment["KEEPFIT_BERT_PARITY"])
    let golden = try Golden(URL(filePath: path))
    try Autograd.withoutGradients { try golden.checkForward(mode: .inference) }
    try golden.checkForward(mode: .training(RandomStream(seed: 1)))
    try golden.checkGradients(.fullTextGradient)
  }

  @Test func bitsDoNotDependOnThreads() throws {
    let golden = try Self.tiny()
    var results: [[Float]] = []
    for threads in [1, 2, 4] {
      var configuration = golden.model.configuration
      configuration.hiddenDropout = 0.1
      let model = Bert(configuration, initialization: .random(RandomStream(seed: 5)))
      results.append(
        try withThreads(threads) {
          for (_, parameter) in model.parameters { parameter.zeroGradient() }
          let inferred = Autograd.withoutGradients { model.pooled(golden.batch) }
          let trained = model.pooled(golden.batch, mode: .training(RandomStream(seed: 2)))
          trained.backward(gradient: try golden.file.tensor(named: "cotangent"))
          return inferred.scalars + trained.scalars
            + model.parameters.flatMap { $0.parameter.gradient?.scalars ?? [] }
        })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func repeatedTextsAreEncodedAlike() throws {
    let golden = try Self.tiny()
    let rows = (0..<golden.batch.count).map {
      Array(golden.batch[$0].prefix(golden.batch.lengths[$0]))
    }
    let doubled = TokenBatch(rows: rows + rows.reversed())
    Autograd.withoutGradients {
      let once = golden.model.pooled(golden.batch), twice = golden.model.pooled(doubled)
      #expect(twice.shape == [8, golden.model.configuration.hiddenSize])
      expectClose(twice.sliced(0..<4), once, Tolerance(), "first half")
      expectClose(twice.gathered([7, 6, 5, 4]), once, Tolerance(), "second half")
      // Padding changes the published pooling and must not change the other one.
      let alone = golden.model.pooled(TokenBatch(rows: [rows[2]]))
      #expect(largestDifference(alone, once.sliced(2..<3))! > 1e-3)
      let aloneTokens = golden.model.pooled(TokenBatch(rows: [rows[2]]), pooling: .tokens)
      let tokens = golden.model.pooled(golden.batch, pooling: .tokens)
      expectClose(aloneTokens, tokens.sliced(2..<3), .pooledText, "alone")
    }
  }

  @Test func packedWeightsFollowTheirParameters() throws {
    let golden = try Self.tiny()
    Autograd.withoutGradients {
      let before = golden.model.pooled(golden.batch)
      for (_, parameter) in golden.model.parameters {
        parameter.value = parameter.value * 1.25
      }
      let after = golden.model.pooled(golden.batch)
      #expect(largestDifference(before, after)! > 1e-2)
      expectClose(
        after, golden.model.pooled(golden.batch, mode: .training(RandomStream(seed: 0))),
        .pooledText, "the training path")
    }
  }

  @Test func configurationsAreChecked() throws {
    func decode(_ text: String) throws -> BertConfiguration {
      try JSONDecoder().decode(BertConfiguration.self, from: Data(text.utf8))
    }
    #expect(try decode("{}") == .base)
    let encoded = try JSONEncoder().encode(BertConfiguration.base)
    #expect(try JSONDecoder().decode(BertConfiguration.self, from: encoded) == .base)
    #expect(try decode(#"{"hidden_size": 64, "num_attention_heads": 4}"#).hiddenSize == 64)
    for text in [
      #"{"hidden_size": 10}"#, #"{"num_hidden_layers": 0}"#, #"{"vocab_size": 99999999999}"#,
      #"{"hidden_act": "relu"}"#, #"{"hidden_dropout_prob": 1}"#, #"{"layer_norm_eps": 0}"#,
      #"{"num_attention_heads": -12}"#,
    ] {
      #expect(throws: BertConfigurationError.self, "\(text)") { try decode(text) }
    }
  }

  @Test func dropoutChangesTrainingOnly() throws {
    let configuration = BertConfiguration.small
    let model = Bert(configuration, initialization: .random(RandomStream(seed: 4)))
    let batch = TokenBatch(rows: [[1, 2, 3], [4, 5, 6]])
    func trained(_ seed: UInt64) -> [Float] {
      model.pooled(batch, mode: .training(RandomStream(seed: seed))).scalars
    }
    #expect(trained(1) == trained(1))
    #expect(trained(1) != trained(2))
    #expect(trained(1) != model.pooled(batch).scalars)
    let names = model.stateEntries().map(\.name)
    #expect(names.count == 5 + 16 * configuration.layerCount + 2)
    #expect(names.contains("encoder.layer.1.attention.output.LayerNorm.bias"))
  }
}

extension BertConfiguration {
  /// A model that a test can afford.
  static var small: BertConfiguration {
    var configuration = BertConfiguration()
    configuration.vocabularySize = 30
    configuration.hiddenSize = 32
    configuration.layerCount = 2
    configuration.headCount = 4
    configuration.intermediateSize = 48
    configuration.maximumPositions = 16
    return configuration
  }
}
