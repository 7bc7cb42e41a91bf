import Foundation

/// The scale of an axis: maps values to positions, and chooses ticks.
public struct PlotScale: Sendable {
  /// Linear or logarithmic.
  public enum Kind: Sendable {
    case linear
    /// Logarithmic; values must be positive.
    case logarithmic
  }

  let kind: Kind
  let lower: Double
  let upper: Double
  /// The tick values.
  let ticks: [Double]
  private let decimals: Int

  /// A scale that covers `values`, widened to round numbers.
  ///
  /// - Parameters:
  ///   - values: the data. Non-finite values are ignored, and on a logarithmic scale also those that are not
  ///     positive.
  ///   - limits: limits to use instead of the range of the values.
  ///   - kind: linear or logarithmic.
  ///   - tickCount: the approximate number of ticks.
  ///   - includesZero: whether the scale includes zero, as needed for bars.
  public init(
    covering values: [Double], limits: ClosedRange<Double>? = nil, kind: Kind = .linear,
    tickCount: Int = 6, includesZero: Bool = false
  ) {
    let usable = values.filter { $0.isFinite && (kind == .linear || $0 > 0) }
    var low = limits?.lowerBound ?? usable.min() ?? (kind == .linear ? 0 : 0.1)
    var high = limits?.upperBound ?? usable.max() ?? 1
    if includesZero {
      low = min(0, low)
      high = max(0, high)
    }
    self.kind = kind
    if kind == .logarithmic {
      let first = floor(log10(low) + 1e-9)
      let last = max(first + 1, ceil(log10(high) - 1e-9))
      lower = limits == nil ? pow(10, first) : low
      upper = limits == nil ? pow(10, last) : high
      let step = max(1, Int(((last - first) / Double(tickCount)).rounded(.up)))
      ticks = stride(from: Int(first), through: Int(last), by: step).map { pow(10, Double($0)) }
      decimals = 0
      return
    }
    if high <= low {
      let margin = low == 0 ? 1 : abs(low) * 0.1
      low -= includesZero && low == 0 ? 0 : margin
      high += margin
    }
    let step = Self.roundStep((high - low) / Double(max(1, tickCount - 1)))
    lower = limits == nil ? floor(low / step + 1e-9) * step : low
    upper = limits == nil ? ceil(high / step - 1e-9) * step : high
    let first = Int(ceil(lower / step - 1e-9))
    let last = Int(floor(upper / step + 1e-9))
    ticks = first <= last ? (first...last).map { Double($0) * step } : [lower]
    decimals = max(0, Int(-floor(log10(step) + 1e-9)))
  }

  /// The smallest 1, 2 or 5 times a power of ten that is at least `raw`.
  private static func roundStep(_ raw: Double) -> Double {
    let power = pow(10, floor(log10(raw)))
    let share = raw / power
    return (share <= 1.0000001 ? 1 : share <= 2.0000001 ? 2 : share <= 5.0000001 ? 5 : 10) * power
  }

  /// The relative position of a value between the limits, from 0 to 1.
  func fraction(_ value: Double) -> Double {
    switch kind {
    case .linear: return (value - lower) / (upper - lower)
    case .logarithmic:
      return (log10(max(value, .leastNormalMagnitude)) - log10(lower))
        / (log10(upper) - log10(lower))
    }
  }

  /// The label of a tick.
  func label(_ value: Double) -> String {
    if value == 0 { return "0" }
    let size = abs(value)
    if kind == .logarithmic {
      let exponent = Int(log10(size).rounded())
      if (-2...4).contains(exponent) { return Self.grouped(value, decimals: max(0, -exponent)) }
      return "1e\(exponent)"
    }
    if size >= 1e6 || (max(abs(lower), abs(upper)) < 1e-3) {
      let exponent = Int(floor(log10(max(abs(lower), abs(upper)))))
      return String(format: "%.3g", value / pow(10, Double(exponent))) + "e\(exponent)"
    }
    return Self.grouped(value, decimals: decimals)
  }

  /// A number with thin spaces as thousands separators.
  package static func grouped(_ value: Double, decimals: Int) -> String {
    var text = String(format: "%.\(decimals)f", value)
    var digits = text.split(separator: ".", maxSplits: 1).map(String.init)
    let sign = digits[0].hasPrefix("-") ? "−" : ""
    var whole = digits[0].replacingOccurrences(of: "-", with: "")
    if whole.count > 4 {
      var groups: [String] = []
      while whole.count > 3 {
        groups.insert(String(whole.suffix(3)), at: 0)
        whole.removeLast(3)
      }
      groups.insert(whole, at: 0)
      whole = groups.joined(separator: "\u{2009}")
    }
    digits[0] = sign + whole
    text = digits.joined(separator: ".")
    return text
  }
}
