import Foundation

/// The lines of a run's `metrics.jsonl`, as columns.
///
/// A line holds `step`, `epoch`, `lr`, `loss`, `grad_norm` and `samples_per_second`, and the terms
/// of the loss either as an object `terms` or as further numbers. Lines without `loss` (validations) are
/// stored in ``evaluations``.
public struct RunMetrics: Sendable {
  /// Values at steps.
  public struct Column: Sendable {
    /// The steps, counted from 1.
    public internal(set) var steps: [Double] = []
    /// The value at each step.
    public internal(set) var values: [Double] = []
  }

  /// All values of the training lines by name: `loss`, `lr`, and so on.
  public private(set) var columns: [String: Column] = [:]
  /// The names of the loss terms in order of appearance.
  public private(set) var terms: [String] = []
  /// All values of the validation lines, by name.
  public private(set) var evaluations: [String: Column] = [:]
  /// The number of invalid lines. A killed run may leave an incomplete last line.
  public private(set) var unreadableLines = 0
  /// The last step.
  public private(set) var lastStep = 0
  /// The epoch of the last line.
  public private(set) var lastEpoch = 0

  private static let common: Set<String> = [
    "step", "epoch", "lr", "lr_visual", "loss", "grad_norm", "samples_per_second", "seconds",
    "time",
    "logit_scale", "peak_bytes", "batch", "samples",
  ]

  /// The number of bytes read.
  private var position: UInt64 = 0

  /// Creates empty metrics; see ``update(from:)``.
  public init() {}

  /// Reads `metrics.jsonl`.
  ///
  /// - Parameter url: the file; it may still grow.
  /// - Throws: `CocoaError` if there is no such file.
  public init(contentsOf url: URL) throws {
    read(try update(from: url))
  }

  /// Reads the lines added to `metrics.jsonl` since the last call, so that the cost of a report does not grow
  /// with the run.
  ///
  /// - Parameter url: the same file at each call.
  /// - Returns: the incomplete last line of the file, which is being written or was truncated; it is read
  ///   at the next call.
  /// - Throws: `CocoaError` if there is no such file.
  @discardableResult
  public mutating func update(from url: URL) throws -> Data {
    let file = try FileHandle(forReadingFrom: url)
    defer { try? file.close() }
    // A file that has become shorter was rewritten.
    if try file.seekToEnd() < position { self = RunMetrics() }
    try file.seek(toOffset: position)
    let data = try file.readToEnd() ?? Data()
    let end = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? data.startIndex
    position += UInt64(end - data.startIndex)
    for line in data[..<end].split(separator: UInt8(ascii: "\n")) { read(line) }
    return data[end...]
  }

  private mutating func read(_ line: Data) {
    guard !line.isEmpty else { return }
    guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else {
      unreadableLines += 1
      return
    }
    read(object)
  }

  private mutating func read(_ line: [String: Any]) {
    guard let step = (line["step"] as? NSNumber)?.doubleValue else {
      unreadableLines += 1
      return
    }
    lastStep = max(lastStep, Int(step))
    let isTraining = line["loss"] != nil
    if isTraining, let epoch = (line["epoch"] as? NSNumber)?.intValue { lastEpoch = epoch }
    for (name, value) in line {
      if name == "terms", let terms = value as? [String: Any] {
        for (term, value) in terms.sorted(by: { $0.key < $1.key }) {
          addTerm(term, value, step)
        }
      } else if let number = Self.number(value) {
        if !isTraining {
          if name != "step" && name != "epoch" {
            evaluations[name, default: Column()].add(step, number)
          }
        } else if Self.common.contains(name) {
          columns[name, default: Column()].add(step, number)
        } else {
          addTerm(name, value, step)
        }
      } else if !isTraining, let group = value as? [String: Any] {
        for (key, value) in group {
          if let number = Self.number(value) {
            evaluations["\(name) \(key)", default: Column()].add(step, number)
          }
        }
      }
    }
    terms.sort()
  }

  private mutating func addTerm(_ name: String, _ value: Any, _ step: Double) {
    guard let number = Self.number(value) else { return }
    if !terms.contains(name) { terms.append(name) }
    columns[name, default: Column()].add(step, number)
  }

  /// A number, or a string that stands for a non-finite number.
  private static func number(_ value: Any) -> Double? {
    if let number = value as? NSNumber { return number.doubleValue }
    // null stands for a non-finite number.
    if value is NSNull { return .nan }
    switch value as? String {
    case "nan", "NaN": return .nan
    case "inf", "Infinity": return .infinity
    case "-inf", "-Infinity": return -.infinity
    default: return nil
    }
  }
}

extension RunMetrics.Column {
  fileprivate mutating func add(_ step: Double, _ value: Double) {
    // A resumed run repeats the steps after its last checkpoint: the last line counts.
    while let last = steps.last, last >= step {
      steps.removeLast()
      values.removeLast()
    }
    steps.append(step)
    values.append(value)
  }

  /// The column reduced to at most `count` points, each the mean over equally many steps, so that figures of
  /// long runs stay small.
  func thinned(to count: Int) -> [XYPlot.Point] {
    guard steps.count > count else { return zip(steps, values).map { XYPlot.Point($0, $1) } }
    return (0..<count).map { index in
      let range = index * steps.count / count..<(index + 1) * steps.count / count
      let share = 1 / Double(range.count)
      return XYPlot.Point(
        range.reduce(0) { $0 + steps[$1] } * share, range.reduce(0) { $0 + values[$1] } * share)
    }
  }

  /// The moving average over a window of about one twentieth of the column; near the ends the window shrinks
  /// to stay centered, so that a steep start is not flattened.
  func smoothed() -> RunMetrics.Column {
    var result = RunMetrics.Column()
    var sums = [0.0]
    for (step, value) in zip(steps, values) where value.isFinite {
      result.steps.append(step)
      sums.append(sums[sums.count - 1] + value)
    }
    let count = result.steps.count
    for index in 0..<count {
      let reach = min(max(1, count / 40), index, count - 1 - index)
      result.values.append(
        (sums[index + reach + 1] - sums[index - reach]) / Double(2 * reach + 1))
    }
    return result
  }
}
