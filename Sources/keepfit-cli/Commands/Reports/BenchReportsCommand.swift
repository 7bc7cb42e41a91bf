import Foundation
import KeepFIT

/// `keepfit bench reports`
struct BenchReportsCommand: Subcommand {
  static let name = "bench reports"
  static let summary = "Measure the generation of reports of images that are in memory."
  static let discussion = """
    Random images of the model's size go through the image encoder, the transformer and beam search;
    "steps" is the number of words that the longest search took.
    """
  let model = Option<FilePath>(
    "model", "DIR", required: true, help: "The directory of a report model.")
  let bench = BenchOptions()
  let beamSize = Option<Int>("beam-size", "W", default: 3, in: 1...1024, help: "Beams.")
  let maximumLength = Option<Int>(
    "max-length", "T", default: 90, in: 1...(ReportModel.Configuration.positions - 1),
    help: "Words of a report at most.")
  let exhaustive = Flag(
    "no-early-stop", help: "Search for all --max-length words, also when the answer is known.")
  let common = CommonOptions()

  func run() throws {
    let generator = try ReportGenerator.load(model.value.url)
    var decoding = ReportDecoding(.beam(size: beamSize.value))
    decoding.maximumLength = maximumLength.value
    decoding.stopsEarly = !exhaustive.isOn
    if let problem = decoding.problem(tokenCount: generator.vocabulary.idCount) {
      throw CommandError.usage("--beam-size \(beamSize.value): \(problem)")
    }
    let batch = bench.batchSize.value
    let side = bench.size.given ?? generator.configuration.imageSize
    let images = Initialization.random(RandomStream(seed: 0).derived("bench"))
      .uniform([batch, side, side, 3], bound: 2)
    var steps = 0
    var failure: (any Error)?
    let measurement = Measurement(repeats: bench.repeats.value, samples: batch) {
      do {
        let memory = Autograd.withoutGradients {
          generator.model.encode(images: images, mode: .inference)
        }
        steps = try generator.model.decode(memory, decoding).steps
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    measurement.print(
      bench, per: "milliseconds_per_batch", unit: "report", extra: [.init("steps", .integer(steps))]
    )
    if !bench.json.isOn { Console.print("\(steps) steps of decoding") }
  }
}
