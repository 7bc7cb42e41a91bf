import Foundation
import KeepFIT
import Testing

/// Fine-tuning the tiny model beside PyTorch: the same first classifier, the same batches, losses of
/// every step, what was changed, and logits in the end (`Scripts/goldens/fine_tuning.py`).
@Suite struct FineTuningTests {
  private struct Reference: Decodable {
    let side: Int
    let training: Int
    let validation: Int
    let test: Int
    let cases: [Case]
  }

  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let freeze: FineTuning.Freeze
    let classes: Int
    let projects: Bool
    let epochs: Int
    let rate: Double
    let batch: Int
    let updatesBatchNorm: Bool
    let probeFirst: Bool
    let patience: Int?
    let losses: [Double]
    let logits: [Float]
    let changed: [String]
    let bestEpoch: Int?
    let validation: [Double]?

    var testDescription: String { name }

    var options: FineTuning.Options {
      var options = FineTuning.Options()
      options.freeze = freeze
      options.startsFromProbe = probeFirst
      options.epochs = epochs
      options.batchSize = batch
      options.learningRate = rate
      options.updatesBatchNorm = updatesBatchNorm
      if let patience { options.patience = patience }
      return options
    }
  }

  private static let reference = try! Goldens.json(Reference.self, "fine-tuning.json")

  /// The images of the script, named by their numbers.
  private static func source(classes: Int) -> ImageSource {
    let side = reference.side
    return ImageSource(
      identity: "formula",
      load: { url in
        let index = Int(url.lastPathComponent)!
        let label = index % classes
        var values: [Float] = []
        for y in 0..<side {
          for x in 0..<side {
            for c in 0..<3 {
              let place = index * 17 + y * (3 + label) + x * (5 + 2 * label) + c * 11
              values.append(Float((place + x * y * (index + 1) % 7) % 32) / 32)
            }
          }
        }
        return Tensor(values, shape: [side, side, 3])
      }, augment: { image, _ in image })
  }

  private static func samples(_ range: Range<Int>, classes: Int) -> FineTuning.Samples {
    .init(
      urls: range.map { URL(fileURLWithPath: "/\($0)") }, labels: range.map { $0 % classes })
  }

  @Test(arguments: reference.cases)
  func followsPyTorch(_ example: Case) throws {
    let fixture = try KeepFITModelTests()
    let model = KeepFITTransferModel(try fixture.golden())
    let before = Self.values(model)
    let (training, validation) = (Self.reference.training, Self.reference.validation)
    var losses: [Double] = []
    let tuned = try FineTuning.fit(
      model, training: Self.samples(0..<training, classes: example.classes),
      validation: example.patience == nil
        ? .init(urls: [], labels: [])
        : Self.samples(training..<training + validation, classes: example.classes),
      classCount: example.classes, source: Self.source(classes: example.classes),
      projects: example.projects, augments: false, options: example.options
    ) { losses.append($0.loss) }

    #expect(losses.count == example.losses.count)
    for (step, pair) in zip(losses, example.losses).enumerated()
    where !(abs(pair.0 - pair.1) <= 1e-4) {
      Issue.record("step \(step + 1): a loss of \(pair.0), PyTorch \(pair.1)")
    }
    let after = Self.values(model)
    let changed = before.keys.filter { before[$0] != after[$0] }.sorted()
    #expect(changed == example.changed)
    let first = training + validation
    let logits = try tuned.logits(
      (first..<first + Self.reference.test).map { URL(fileURLWithPath: "/\($0)") })
    #expect(TransferMethodTests.distance(logits.scalars, example.logits) <= 1e-4)
    if let bestEpoch = example.bestEpoch, let scores = example.validation {
      #expect(tuned.bestEpoch == bestEpoch)
      #expect(tuned.history.count == scores.count)
      for (epoch, score) in zip(tuned.history, scores) {
        #expect(abs(epoch.validationF1! - score) < 1e-9)
      }
    }
    tuned.restore()
    #expect(Self.values(model) == before)
    #expect(model.model.vision.parameters.allSatisfy { $0.parameter.isTrainable })
  }

  private static func values(_ model: KeepFITTransferModel) -> [String: [Float]] {
    Dictionary(
      uniqueKeysWithValues: model.imageState.filter { !$0.name.hasSuffix("num_batches_tracked") }
        .map { ($0.name, $0.exported.scalars) })
  }
}
