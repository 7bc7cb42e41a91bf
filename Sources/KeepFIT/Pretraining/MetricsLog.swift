import Foundation

/// What one optimizer step did.
public struct StepMetrics: Sendable, Equatable {
  /// The step, counted from 1.
  public var step: Int
  /// The epoch, counted from 1.
  public var epoch: Int
  /// The learning rate of the step.
  public var learningRate: Float
  /// The whole loss.
  public var loss: Float
  /// The parts of the loss before weighting, in the objective's order.
  public var terms: [(name: String, value: Float)]
  /// The norm of all gradients before clipping.
  public var gradientNorm: Float
  /// Pictures of both streams and all ranks in a second.
  public var samplesPerSecond: Double

  /// What a step did.
  public init(
    step: Int, epoch: Int, learningRate: Float, loss: Float, terms: [(name: String, value: Float)],
    gradientNorm: Float, samplesPerSecond: Double
  ) {
    self.step = step
    self.epoch = epoch
    self.learningRate = learningRate
    self.loss = loss
    self.terms = terms
    self.gradientNorm = gradientNorm
    self.samplesPerSecond = samplesPerSecond
  }

  public static func == (a: Self, b: Self) -> Bool { a.line == b.line }

  /// The step as a line of `metrics.jsonl`, without its end. Numbers have all their digits.
  public var line: String {
    let parts = terms.map { "\"\($0.name)\":\($0.value)," }.joined()
    return "{\"step\":\(step),\"epoch\":\(epoch),\"lr\":\(learningRate),\"loss\":\(loss),\(parts)"
      + "\"grad_norm\":\(gradientNorm),"
      + "\"samples_per_second\":\((samplesPerSecond * 100).rounded() / 100)}"
  }
}

/// `metrics.jsonl`, a line for each event, written through at once so that a killed run loses none.
package final class MetricsLog {
  private let handle: FileHandle

  /// Opens the log and drops what lies beyond `step`: a resumed run writes those lines again.
  package init(_ url: URL, keepingThrough step: Int) throws {
    let files = FileManager.default
    if step > 0, let data = try? Data(contentsOf: url) {
      var kept = Data()
      for line in data.split(separator: UInt8(ascii: "\n")) {
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
          let number = object["step"] as? Int
        else { break }  // a line that was cut short when the process died
        if number > step { break }
        kept += line + [UInt8(ascii: "\n")]
      }
      try kept.write(to: url, options: .atomic)
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
