import Foundation
import CFundusKernels

/// A stream of random numbers that is a pure function of its key: Philox 4x32-10 (Salmon et al.,
/// SC 2011).
///
/// Streams are derived from names of their purposes (`seed`, epoch, sample, use). The same names give
/// the same numbers on any number of threads, in any order, and after a resumed run.
public struct RandomStream: RandomNumberGenerator, Sendable {
  /// The key of the counter-based generator.
  let key: UInt64
  /// The upper half of the counter.
  let stream: UInt64
  private var counter: UInt64 = 0
  private var waiting: [UInt32] = []

  /// The root stream of a run.
  public init(seed: UInt64) {
    key = seed
    stream = 0
  }

  private init(key: UInt64, stream: UInt64) {
    self.key = key
    self.stream = stream
  }

  /// The stream for one purpose within this one: an epoch, a sample, a layer.
  ///
  /// Does not depend on how many numbers have been drawn from this stream.
  public func derived(_ names: UInt64...) -> RandomStream {
    var key = key, stream = stream
    for name in names {
      let block = fk_philox(key, name, stream ^ 0x9E37_79B9_7F4A_7C15)
      key = UInt64(block.word.0) | UInt64(block.word.1) << 32
      stream = UInt64(block.word.2) | UInt64(block.word.3) << 32
    }
    return RandomStream(key: key, stream: stream)
  }

  /// The stream for a purpose with a name, and for one of its kind.
  public func derived(_ name: String, _ number: UInt64) -> RandomStream {
    derived(name).derived(number)
  }

  /// The stream for a purpose with a name.
  public func derived(_ name: String) -> RandomStream {
    // FNV-1a: stable across runs and machines, unlike `Hasher`.
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
    }
    return derived(hash)
  }

  private mutating func nextWord() -> UInt32 {
    if waiting.isEmpty {
      let block = fk_philox(key, counter, stream).word
      counter += 1
      waiting = [block.3, block.2, block.1, block.0]
    }
    return waiting.removeLast()
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let low = UInt64(nextWord())
    return low | UInt64(nextWord()) << 32
  }

  /// A uniform number in `[0, 1)` with 24 random bits.
  public mutating func uniform() -> Float { Float(nextWord() >> 8) * 0x1p-24 }

  /// A number uniform in the range.
  public mutating func uniform(in range: Range<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A number of the standard normal distribution (Box-Muller).
  public mutating func normal() -> Float {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// A uniform index below `count`, which must be positive.
  public mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}
