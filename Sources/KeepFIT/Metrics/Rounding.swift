/// Rounding and summation as in the published evaluation.
///
/// Scores are published with three decimals and ties are common (an AUC is a multiple of 1/(2 n₁ n₀)), so
/// the last digit depends on the rounding of intermediate sums.
package enum PublishedArithmetic {
  /// Three decimals: times 1000, half to even, divided by 1000.
  package static func roundThousandths(_ value: Double) -> Double {
    (value * 1000).rounded(.toNearestOrEven) / 1000
  }

  /// The sum by NumPy's pairwise summation: eight running sums in blocks of up to 128, recursive halving above.
  package static func sum(_ values: [Double]) -> Double { sum(values[...]) }

  private static func sum(_ values: ArraySlice<Double>) -> Double {
    let count = values.count
    let start = values.startIndex
    if count < 8 { return values.reduce(0, +) }
    if count <= 128 {
      var running = Array(values[start..<start + 8])
      var index = 8
      while index + 8 <= count {
        for lane in 0..<8 { running[lane] += values[start + index + lane] }
        index += 8
      }
      let low = (running[0] + running[1]) + (running[2] + running[3])
      var result = low + ((running[4] + running[5]) + (running[6] + running[7]))
      while index < count {
        result += values[start + index]
        index += 1
      }
      return result
    }
    var half = count / 2
    half -= half % 8
    return sum(values[start..<start + half]) + sum(values[(start + half)...])
  }

  /// The mean by ``sum(_:)-swift.type.method`` of at least one value.
  package static func mean(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "a mean of no values")
    return sum(values) / Double(values.count)
  }

  /// The mean of values; nil if there are none or one is undefined.
  package static func mean(defined values: [Double?]) -> Double? {
    let defined = values.compactMap { $0 }
    return defined.isEmpty || defined.count < values.count ? nil : mean(defined)
  }

  /// The population standard deviation (without Bessel's correction).
  package static func standardDeviation(_ values: [Double]) -> Double {
    let center = mean(values)
    return mean(values.map { ($0 - center) * ($0 - center) }).squareRoot()
  }
}
