import Foundation
import KeepFIT

/// `keepfit bench reports`
struct BenchReportsCommand: Subcommand {
  static let name = "bench reports"
  static let summary = "Benchmark report generation on images in memory."
  static let discussion = """
    Random images of the model's size go through the image encoder, the transformer and beam search;
    "steps" is the number of decoding steps of the longest search. With --train, optimizer steps on reports
    of that many words are measured instead ("milliseconds_per_step").
    """
  let model = Option<FilePath>(
    "model", "DIR", required: true, help: "Directory of a report model.")
  let bench = BenchOptions()
  let beamSize = Option<Int>("beam-size", "W", default: 3, in: 1...1024, help: "Beam size.")
  let maximumLength = Option<Int>(
    "max-length", "T", default: 90, in: 1...(ReportModel.Configuration.positions - 1),
    help: "Maximum number of words per report.")
  let exhaustive = Flag(
    "no-early-stop", help: "Decode --max-length words even if the search has finished.")
  let train = Option<Int>(
    "train", "WORDS", in: 1...(ReportModel.Configuration.positions - 1),
    help: "Measure training steps instead, on reports of that many words.")
  let common = CommonOptions()

  func validate() throws {
    if train.isGiven {
      try refuseIdle(beamSize, maximumLength, exhaustive, reason: "with --train")
    }
  }

  func run() throws {
    let generator = try ReportGenerator.load(model.value.url)
    if let length = train.given { return measureTraining(generator, length: length) }
    var decoding = ReportDecoding(.beam(size: beamSize.value))
    decoding.maximumLength = maximumLength.value
    decoding.stopsEarly = !exhaustive.isOn
    if let problem = decoding.problem(tokenCount: generator.vocabulary.idCount) {
      throw CommandError.usage("--beam-size \(beamSize.value): \(problem)")
    }
    let batch = bench.batchSize.value
    let side = side(for: generator)
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
    if !bench.json.isOn { Console.print(Pretty.count(steps, "decoding step")) }
  }

  private func side(for generator: ReportGenerator) -> Int {
    bench.size.given ?? generator.configuration.imageSize
  }

  private func measureTraining(_ generator: ReportGenerator, length: Int) {
    let result = ReportStepBenchmark.run(
      generator.model, size: side(for: generator), batchSize: bench.batchSize.value, length: length,
      repetitions: bench.repeats.value)
    Measurement(
      milliseconds: result.milliseconds, samples: bench.batchSize.value,
      peakBytes: result.peakBytes
    ).print(bench, per: "milliseconds_per_step", unit: "report")
  }
}
