import Foundation

/// Shows the progress of a loop: one line redrawn in place on a terminal, otherwise a plain line every few
/// seconds.
final class ProgressBar {
  private let label: String
  private let unit: String
  var total: Int
  private let start: Date
  private let before: Int
  private(set) var done: Int
  private var drawn = Date.distantPast
  private var nextPlain = Date()

  /// - Parameters:
  ///   - label: the activity, such as "Embedding".
  ///   - unit: what is counted, in the plural.
  ///   - total: the total count; 0 if unknown.
  ///   - done: the count before the loop begins; excluded from the rate.
  init(_ label: String, unit: String, total: Int, done: Int = 0) {
    self.done = done
    before = done
    self.label = label
    self.unit = unit
    self.total = total
    start = Date()
    // Short loops print nothing where output is not a terminal.
    nextPlain = start.addingTimeInterval(5)
  }

  /// Advances the count by `step`, and shows `detail` after the rate.
  func advance(by step: Int = 1, detail: String = "") { update(to: done + step, detail: detail) }

  /// Sets the count, and shows `detail` after the rate.
  func update(to count: Int, detail: String = "") {
    done = count
    let now = Date()
    if Console.isInteractive {
      guard now.timeIntervalSince(drawn) > 0.1 || done == total else { return }
      drawn = now
      Console.redrawLine(line(now, detail: detail))
    } else if now >= nextPlain {
      nextPlain = now.addingTimeInterval(15)
      Console.note(line(now, detail: detail))
    }
  }

  /// Ends the progress line with a sentence and the elapsed time.
  func finish(_ sentence: String? = nil) {
    let seconds = Date().timeIntervalSince(start)
    let closing = sentence ?? "\(label): \(done) \(unit)"
    Console.note("\(closing) in \(Self.duration(seconds))")
  }

  /// Clears the line before other output.
  func interrupt() { Console.clearLine() }

  private func line(_ now: Date, detail: String) -> String {
    let seconds = max(1e-6, now.timeIntervalSince(start))
    let rate = Double(done - before) / seconds
    var text = label
    if total > 0 {
      let share = min(1, Double(done) / Double(total))
      if Console.isInteractive {
        let filled = Int(share * 24)
        text +=
          " " + String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
      }
      text += " \(done)/\(total) \(unit)"
    } else {
      text += " \(done) \(unit)"
    }
    text += ", " + Self.rate(rate, unit: unit)
    if total > 0 && done > before && done < total {
      text += ", \(Self.duration(Double(total - done) / rate)) left"
    }
    return detail.isEmpty ? text : text + "  " + detail
  }

  private static func rate(_ rate: Double, unit: String) -> String {
    rate >= 1 || rate == 0
      ? String(format: rate >= 10 ? "%.0f/s" : "%.1f/s", rate)
      : String(format: "%.1f s per item", 1 / rate)
  }

  /// A readable duration: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min.
  static func duration(_ seconds: Double) -> String {
    if seconds < 10 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
