import Foundation
import FundusSynthesis
import KeepFIT

/// One model, with its adapters and an index, in the hands of many threads at once: all of them must get
/// the bits that one thread gets alone.
package struct ConcurrentInference: Sendable {
  private let folder: Scratch
  private let images: [URL]
  private let embeddings: Tensor
  private let calibration: VisionCalibration

  /// Draws images, calibrates a model for bytes and fine-tunes an adapter.
  package init() throws {
    folder = try Scratch()
    images = try (0..<4).map { [folder] index in
      let url = folder.url.appending(path: "\(index).png")
      let size = 48 + 8 * index
      let drawn = SyntheticFundus(seed: UInt64(index)).render(size: size)
      try FundusImage(width: size, height: size, pixels: drawn.pixels).writePNG(to: url)
      return url
    }
    let model = try Self.model()
    let pixels = try model.configuration.preprocessing.prepare(contentsOf: images)
    calibration = try VisionCalibration(model, batches: 2, leastCosine: 0.5) { index in
      pixels.sliced(2 * index..<2 * index + 2)
    }
    var stream = RandomStream(seed: 3)
    embeddings = Tensor((0..<300 * 16).map { _ in stream.normal() }, shape: [300, 16])
    var options = FineTuning.Options()
    options.epochs = 1
    let tuned = try FineTuning.fit(
      KeepFITTransferModel(model), training: .init(urls: images, labels: [0, 1, 0, 1]),
      validation: .init(urls: [], labels: []), classCount: 2,
      source: ImageSource(model.configuration.preprocessing), projects: true, augments: false,
      options: options)
    try tuned.save(to: folder.url.appending(path: "tuned"), classes: ["normal", "glaucoma"])
  }

  private static func model() throws -> KeepFITModel {
    var configuration = KeepFITConfiguration(.tiny)
    configuration.vision.width = 8
    configuration.text.hiddenSize = 32
    configuration.text.intermediateSize = 64
    configuration.projectionDimension = 16
    configuration.imageSize = 64
    configuration.preprocessing.imageSize = 64
    let vocabulary = Vocabulary.fundus
    configuration.text.vocabularySize = vocabulary.count
    return try KeepFITModel(
      configuration, vocabulary: vocabulary, initialization: .random(RandomStream(seed: 5)))
  }

  /// What the threads share. Nothing of it is folded, packed, quantized or copied yet: the first uses are
  /// what threads would quarrel about.
  private struct Shared: Sendable {
    let transfer: KeepFITTransferModel
    let withBytes: KeepFITModel
    let probe: Adapter
    let tuned: Adapter
    let index: EmbeddingIndex
    let images: [URL]
    let pixels: Tensor

    var model: KeepFITModel { transfer.model }
  }

  private func fresh() throws -> Shared {
    let model = try Self.model(), withBytes = try Self.model()
    try withBytes.useBytes(calibration)
    let transfer = KeepFITTransferModel(model)
    let probe = LinearProbe(
      weights: (0..<16).map { Double($0 % 5) - 2 }, intercepts: [0.25], classCount: 2,
      featureCount: 16)
    return Shared(
      transfer: transfer, withBytes: withBytes,
      probe: Adapter(
        .linearProbe, classifier: probe, classes: ["normal", "glaucoma"], projects: true,
        model: transfer.fingerprint, experiment: "threads"),
      tuned: try Adapter(contentsOf: folder.url.appending(path: "tuned")),
      index: try EmbeddingIndex(embeddings), images: images,
      pixels: try model.configuration.preprocessing.prepare(contentsOf: images))
  }

  private static let labels = ["normal", "glaucoma", "diabetic retinopathy"]

  /// What a thread asks, by name.
  private static let questions: [(name: String, ask: @Sendable (Shared) throws -> [Float])] = [
    ("image files", { try $0.model.imageEmbeddings(contentsOf: $0.images, batchSize: 2).scalars }),
    ("images", { $0.model.imageEmbeddings($0.pixels).scalars }),
    ("texts", { $0.model.textEmbeddings(labels + ["optic disc cupping"]).scalars }),
    ("classes", { $0.model.classify($0.pixels, labels: labels).logits.flatMap(\.self) }),
    (
      "knowledge",
      {
        $0.model.classify($0.pixels, labels: labels, knowledge: .builtin).probabilities
          .flatMap(\.self)
      }
    ),
    (
      "search",
      { shared in
        let query = shared.model.imageEmbeddings(shared.pixels.sliced(1..<2)).scalars
        return try shared.index.search(query, count: 7).flatMap { [Float($0.index), $0.score] }
      }
    ),
    ("linear probe", { try $0.probe.logits($0.pixels, model: $0.transfer).scalars }),
    ("fine-tuned", { try $0.tuned.logits($0.pixels, model: $0.transfer).scalars }),
    (
      "explanation",
      { shared in
        let map = try Explanation.gradientWeighted(
          shared.pixels.sliced(2..<3).reshaped([64, 64, 3]),
          query: .init("glaucoma", against: ["normal"], model: shared.transfer),
          model: shared.transfer)
        return map.map + [map.score, map.maximum]
      }
    ),
    ("bytes", { $0.withBytes.imageEmbeddings($0.pixels).scalars }),
  ]

  /// The number of different questions.
  package static var questionCount: Int { questions.count }

  /// Asks everything once, beginning with another question than others.
  private static func ask(_ shared: Shared, first: Int) -> [String: [UInt32]] {
    var answers: [String: [UInt32]] = [:]
    for step in questions.indices {
      let question = questions[(first + step) % questions.count]
      answers[question.name] = (try? question.ask(shared))?.map(\.bitPattern)
    }
    return answers
  }

  /// Lets threads ask everything at once, each with its own first question, then tasks of Swift's
  /// concurrency the same.
  /// - Parameters:
  ///   - users: how many threads, and how many tasks.
  ///   - rounds: how often, each time with models and adapters that nobody has used yet.
  /// - Returns: what is wrong, a line each: answers that failed, are not finite, or differ from those of
  ///   one thread alone.
  package func run(users: Int, rounds: Int) async throws -> [String] {
    let expected = Self.ask(try fresh(), first: 0)
    var problems = Self.questions.compactMap { question -> String? in
      guard let bits = expected[question.name], !bits.isEmpty else {
        return "\(question.name): no answer"
      }
      let isFinite = bits.allSatisfy { Float(bitPattern: $0).isFinite }
      return isFinite ? nil : "\(question.name): not finite"
    }
    for round in 0..<rounds {
      for answers in [
        Self.threads(users, try fresh(), round: round),
        await Self.tasks(users, try fresh(), round: round),
      ] {
        for (user, answer) in answers.enumerated() {
          for (name, bits) in expected where answer[name] != bits {
            problems.append("round \(round), user \(user): \(name) differs")
          }
        }
      }
    }
    return problems
  }

  private static func threads(_ users: Int, _ shared: Shared, round: Int) -> [[String: [UInt32]]] {
    let answers = Guarded([[String: [UInt32]]](repeating: [:], count: users))
    let done = DispatchGroup()
    for user in 0..<users {
      done.enter()
      let thread = Thread {
        let answer = ask(shared, first: user + round)
        answers.withLock { $0[user] = answer }
        done.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    done.wait()
    return answers.withLock { $0 }
  }

  private static func tasks(
    _ users: Int, _ shared: Shared, round: Int
  ) async -> [[String: [UInt32]]] {
    await withTaskGroup(of: (Int, [String: [UInt32]]).self) { group in
      for user in 0..<users {
        group.addTask { (user, ask(shared, first: user + round)) }
      }
      var answers = [[String: [UInt32]]](repeating: [:], count: users)
      for await (user, answer) in group { answers[user] = answer }
      return answers
    }
  }

  /// Threads that embed while another changes the weights, as a training step does: what they get is of no
  /// weights in particular, but finite, and nobody reads what is half written.
  /// - Returns: what is wrong, a line each.
  package func readBesideAWriter(readers: Int, changes: Int) throws -> [String] {
    let shared = try fresh()
    let failures = Guarded<[String]>([])
    let isOver = Guarded(false)
    let done = DispatchGroup()
    for reader in 0..<readers {
      done.enter()
      Thread {
        repeat {
          let found =
            reader % 2 == 0
            ? shared.model.imageEmbeddings(shared.pixels).scalars
            : shared.model.textEmbeddings(Self.labels).scalars
          if !found.allSatisfy(\.isFinite) {
            failures.withLock { $0.append("reader \(reader): not finite") }
          }
        } while !isOver.withLock { $0 }
        done.leave()
      }.start()
    }
    let optimizer = SGD(shared.model.parameters)
    for _ in 0..<changes {
      for (_, parameter) in shared.model.parameters {
        parameter.gradient = Tensor(repeating: 1, shape: parameter.value.shape)
      }
      optimizer.step(learningRate: 1e-4)
      for entry in shared.model.stateEntries() {
        if let buffer = entry.buffer { buffer.value = buffer.value * 1.001 }
      }
    }
    isOver.withLock { $0 = true }
    done.wait()
    return failures.withLock { $0 }
  }
}

/// A folder that is removed with the last value that holds it.
private final class Scratch: Sendable {
  let url = FileManager.default.temporaryDirectory.appending(
    path: "keepfit-threads-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
