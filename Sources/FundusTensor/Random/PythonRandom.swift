/// Python's `random.Random`, bit for bit.
///
/// Published splits were drawn with it: the same seed gives the same folds here.
public struct PythonRandom: Sendable {
  private var twister: MersenneTwister

  /// As `random.seed(seed)` leaves the generator. As in Python, only the magnitude of the seed matters.
  public init(seed: Int) {
    let magnitude = UInt64(seed.magnitude)
    let low = UInt32(truncatingIfNeeded: magnitude)
    let high = UInt32(truncatingIfNeeded: magnitude >> 32)
    twister = MersenneTwister(key: high == 0 ? [low] : [low, high])
  }

  /// `random.getrandbits(count)` for a count from 1 to 64.
  public mutating func bits(_ count: Int) -> UInt64 {
    precondition(count >= 1 && count <= 64, "between 1 and 64 bits, not \(count)")
    if count <= 32 { return UInt64(twister.nextWord() >> UInt32(32 - count)) }
    let low = UInt64(twister.nextWord())
    return low | UInt64(twister.nextWord() >> UInt32(64 - count)) << 32
  }

  /// `random.random()`: uniform in `[0, 1)` with 53 random bits.
  public mutating func uniform() -> Double {
    let high = Double(twister.nextWord() >> 5)
    let low = Double(twister.nextWord() >> 6)
    return (high * 67_108_864 + low) * (1 / 9_007_199_254_740_992)
  }

  /// `random.randrange(bound)`: uniform below `bound` by rejection.
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "there is no index below \(bound)")
    let width = Int.bitWidth - bound.leadingZeroBitCount
    while true {
      let candidate = bits(width)
      if candidate < UInt64(bound) { return Int(candidate) }
    }
  }

  /// `random.shuffle(elements)`.
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, index(below: last + 1))
    }
  }
}
