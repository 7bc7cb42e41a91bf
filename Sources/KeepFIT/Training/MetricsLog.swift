import Foundation

/// The metrics of an optimizer step.
public struct StepMetrics: Sendable, Equatable {
  /// The step, counted from 1.
  public var step: Int
  /// The epoch, counted from 1.
  public var epoch: Int
  /// The learning rate of the step.
  public var learningRate: Float
  /// The total loss.
  public var loss: Float
  /// The unweighted loss terms, in the objective's order.
  public var terms: [(name: String, value: Float)]
  /// The learning rates of other groups of parameters, such as `lr_visual`.
  public var otherRates: [(name: String, value: Float)]
  /// The global gradient norm before clipping.
  public var gradientNorm: Float
  /// Images per second, of both streams and all ranks.
  public var samplesPerSecond: Double

  /// Creates the metrics of a step.
  public init(
    step: Int, epoch: Int, learningRate: Float, loss: Float, terms: [(name: String, value: Float)],
    otherRates: [(name: String, value: Float)] = [], gradientNorm: Float, samplesPerSecond: Double
  ) {
    self.step = step
    self.epoch = epoch
    self.learningRate = learningRate
    self.loss = loss
    self.terms = terms
    self.otherRates = otherRates
    self.gradientNorm = gradientNorm
    self.samplesPerSecond = samplesPerSecond
  }

  public static func == (a: Self, b: Self) -> Bool { a.line == b.line }

  /// The step as a line of `metrics.jsonl`, without newline. Numbers have full precision; non-finite ones are
  /// `null`.
  public var line: String {
    JSONValue.object(
      [
        .init("step", .integer(step)), .init("epoch", .integer(epoch)),
        .init("lr", .float(learningRate)),
      ] + otherRates.map { .init($0.name, .float($0.value)) } + [.init("loss", .float(loss))]
        + terms.map { .init($0.name, .float($0.value)) } + [
          .init("grad_norm", .float(gradientNorm)),
          .init("samples_per_second", .double((samplesPerSecond * 100).rounded() / 100)),
        ]
    ).serialized()
  }

  /// The line of a validation; non-finite values are `null`.
  static func validationLine(step: Int, _ values: [(name: String, value: Float)]) -> String {
    JSONValue.object([
      .init("step", .integer(step)),
      .init("validation", .object(values.map { .init($0.name, .float($0.value)) })),
    ]).serialized()
  }
}

/// The log `metrics.jsonl`, one line per event, written immediately so that a killed run loses none.
package final class MetricsLog {
  private let handle: FileHandle

  /// Opens the log and removes lines after `step`, which a resumed run writes again.
  package init(_ url: URL, keepingThrough step: Int) throws {
    let files = FileManager.default
    if step > 0, files.fileExists(atPath: url.path) {
      let data = try Data(contentsOf: url)
      // The last line is incomplete if the process died while writing it.
      let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data()
      let kept = whole.split(separator: UInt8(ascii: "\n")).prefix { line in
        // Invalid lines are kept, and counted in the report.
        let number = (try? JSONValue(parsing: Array(line)))?["step"]?.integer
        return number.map { $0 <= step } ?? true
      }
      try Data(kept.map { $0 + [UInt8(ascii: "\n")] }.joined()).write(to: url, options: .atomic)
    } else {
      guard files.createFile(atPath: url.path, contents: nil) else {
        throw PretrainingError.runDirectory("\(url.path) cannot be written")
      }
    }
    handle = try FileHandle(forWritingTo: url)
    try handle.seekToEnd()
  }

  package func write(_ line: String) throws {
    try handle.write(contentsOf: Data((line + "\n").utf8))
  }

  deinit { try? handle.close() }
}
