import Foundation
import FundusModels
import FundusTensor
import Testing

/// Decoding with kept keys and values against whole prefixes.
@Suite struct ReportSessionTests {
  /// A random model of random small sizes whose probabilities differ.
  private func model(seed: UInt64) -> ReportModel {
    var stream = RandomStream(seed: seed).derived("sizes")
    var configuration = ReportModel.Configuration(vocabularySize: 5 + stream.index(below: 9))
    configuration.vision = ResNetConfiguration(
      blocks: [1, 1, 1, 1], hasBottlenecks: false, width: 2)
    configuration.heads = 1 + stream.index(below: 3)
    configuration.width = configuration.heads * (2 + stream.index(below: 4))
    configuration.feedForward = 4 + stream.index(below: 9)
    configuration.layers = 1 + stream.index(below: 2)
    let model = ReportModel(
      configuration, initialization: .random(RandomStream(seed: seed).derived("weights")))
    for (name, parameter) in model.parameters where name.contains("logit.") {
      parameter.value = parameter.value * 6
    }
    return model
  }

  private func memory(_ model: ReportModel, studies: Int, seed: UInt64) -> ReportMemory {
    let images = Initialization.random(RandomStream(seed: seed).derived("images"))
      .uniform([studies, 64, 32, 3], bound: 2)
    return model.encode(images: images, mode: .inference)
  }

  @Test func beamsEqualTheNaiveSearchOf200Models() throws {
    var compared = 0
    for seed in 0..<200 as Range<UInt64> {
      let model = model(seed: seed)
      let memory = memory(model, studies: 1, seed: seed)
      let size = min(3, model.configuration.vocabularySize)
      let images = Initialization.random(RandomStream(seed: seed).derived("images"))
        .uniform([1, 64, 32, 3], bound: 2)
      let repeats = (1...size).map { count in
        model.encode(
          images: .concatenated(Array(repeating: images, count: count)), mode: .inference)
      }
      // Full length for some; the naive search takes time with its square.
      let length = seed % 10 == 0 ? 90 : 32
      let naive = NaiveBeamSearch(size: size, length: length) { prefixes in
        let repeated = repeats[prefixes.count - 1]
        let logits = model.logits(memory: repeated, inputs: prefixes, mode: .inference)
          .logSoftmax(axis: 1)
        let length = prefixes[0].count
        return prefixes.indices.map { row in
          let last = (row + 1) * length - 1
          return logits.sliced(last..<last + 1).scalars
        }
      }.run()
      // Where two candidates are as near as roundings, either may be taken.
      guard naive.closest > 1e-4 else { continue }
      compared += 1
      for stopsEarly in [true, false] {
        var decoding = ReportDecoding(.beam(size: size))
        decoding.maximumLength = length
        decoding.stopsEarly = stopsEarly
        let found = try model.decode(memory, decoding).reports[0]
        #expect(found.map(\.tokens) == naive.best.map(\.tokens), "seed \(seed)")
        for (report, other) in zip(found, naive.best) {
          #expect(abs(report.score - other.score) <= 1e-3, "seed \(seed)")
        }
      }
    }
    #expect(compared >= 150, "\(compared) models without ties")
  }

  @Test func stepsEqualWholeReports() {
    for seed in 0..<20 as Range<UInt64> {
      let model = model(seed: seed)
      let memory = memory(model, studies: 3, seed: seed)
      var stream = RandomStream(seed: seed).derived("words")
      let words = (0..<3).map { _ in
        [0]
          + (0..<12).map { _ in
            Int32(1 + stream.index(below: model.configuration.vocabularySize - 1))
          }
      }
      let whole = model.logits(memory: memory, inputs: words, mode: .inference).logSoftmax(axis: 1)
      var session = ReportSession(model, memory: memory)
      for step in 0..<13 {
        let scores = session.logProbabilities(
          parents: [0, 1, 2], tokens: words.map { $0[step] })
        for study in 0..<3 {
          let expected = whole.sliced(study * 13 + step..<study * 13 + step + 1).scalars
          let found = scores.sliced(study..<study + 1).scalars
          #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 2e-4 }, "seed \(seed)")
        }
      }
    }
  }

  @Test func reorderedPrefixesHaveTheBitsOfNewOnes() {
    let model = model(seed: 7)
    let memory = memory(model, studies: 2, seed: 7)
    let count = model.configuration.vocabularySize
    var session = ReportSession(model, memory: memory)
    _ = session.logProbabilities(parents: [0, 1], tokens: [0, 0])
    var stream = RandomStream(seed: 3)
    var prefixes: [(study: Int, tokens: [Int32])] = [(0, [0]), (1, [0])]
    for _ in 0..<10 {
      let parents = (0..<5).map { _ in stream.index(below: prefixes.count) }
      let tokens = (0..<5).map { _ in Int32(stream.index(below: count)) }
      prefixes = zip(parents, tokens).map { parent, token in
        (prefixes[parent].study, prefixes[parent].tokens + [token])
      }
      let scores = session.logProbabilities(parents: parents, tokens: tokens)
      for (row, prefix) in prefixes.enumerated() {
        var alone = ReportSession(model, memory: memory)
        var last = Tensor(0)
        for (position, token) in prefix.tokens.enumerated() {
          last = alone.logProbabilities(
            parents: [position == 0 ? prefix.study : 0], tokens: [token])
        }
        #expect(last.scalars == scores.sliced(row..<row + 1).scalars)
      }
    }
  }

  @Test func studiesDoNotMindCompany() throws {
    let model = model(seed: 11)
    let images = Initialization.random(RandomStream(seed: 11)).uniform([5, 64, 32, 3], bound: 2)
    let all = try model.decode(
      model.encode(images: images, mode: .inference), ReportDecoding(.beam(size: 3)))
    for study in 0..<5 {
      let alone = try model.decode(
        model.encode(images: images.sliced(study..<study + 1), mode: .inference),
        ReportDecoding(.beam(size: 3)))
      #expect(alone.reports[0] == all.reports[study])
    }
  }

  @Test func attentionIsAMapAWord() {
    let model = model(seed: 12)
    let memory = memory(model, studies: 1, seed: 12)
    let maps = model.attention(memory, tokens: [1, 2, 3])
    #expect(maps.shape == [3, 2, 1])
    #expect(maps.sum(axis: 2).sum(axis: 1).scalars.allSatisfy { abs($0 - 1) <= 1e-5 })
    // The map of a word is that of the position that chose it.
    #expect(model.attention(memory, tokens: [1, 2, 4]).scalars == maps.scalars)
    #expect(model.attention(memory, tokens: []).shape == [0, 2, 1])
  }
}
