import FundusTensor
import Foundation

/// A reader of untrusted bytes, valid files to start from, and what a reader may do with them:
/// return, or throw an error that says something on one line.
public struct FuzzTarget: Sendable {
  /// The name on the command line and in messages.
  public let name: String
  let seeds: [[UInt8]]
  let words: [[UInt8]]
  let repair: @Sendable (inout [UInt8]) -> Void
  let read: @Sendable ([UInt8]) throws -> Void

  /// - Parameters:
  ///   - seeds: valid files, at least one.
  ///   - words: byte sequences that mean something in the format.
  ///   - repair: mends checksums, so that three quarters of the damage gets past them.
  ///   - read: gives the bytes to the reader and uses all of what it returns.
  public init(
    _ name: String, seeds: [[UInt8]], words: [String] = [],
    repair: @escaping @Sendable (inout [UInt8]) -> Void = { _ in },
    read: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    precondition(!seeds.isEmpty && seeds.allSatisfy { !$0.isEmpty }, "\(name) has no seeds")
    self.name = name
    self.seeds = seeds
    self.words = words.map { $0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
    self.repair = repair
    self.read = read
  }

  /// What the cases of a run came to.
  public struct Tally: Sendable {
    /// Cases that were read in spite of the damage.
    public var accepted = 0
    /// Cases that were refused with a message.
    public var refused = 0
    /// What was wrong: a message that is empty or broken, a case that took too long or too much memory.
    public var problems: [String] = []
    /// The longest time of a case in seconds.
    public var slowest = 0.0
  }

  /// The bytes of a case, to look into one that failed.
  public func bytes(seed: UInt64, case index: Int) -> [UInt8] {
    var random = RandomStream(seed: seed).derived(name).derived(UInt64(index))
    var bytes = Mutation(words: words).apply(to: seeds, &random)
    if index % 4 != 0 { repair(&bytes) }
    return bytes
  }

  /// Runs a range of cases. The same seed and number give the same bytes.
  ///
  /// A crash or a hang is reported with the case by ``FuzzWatchdog``.
  public func run(
    seed: UInt64, cases: Range<Int>, secondsPerCase: Double = 5, bytesPerCase: Int = 256 << 20
  ) -> Tally {
    var tally = Tally()
    for seed in seeds {
      do { try read(seed) } catch { tally.problems.append("\(name): a valid file fails: \(error)") }
    }
    for index in cases {
      let bytes = bytes(seed: seed, case: index)
      FuzzWatchdog.begin(name, seed: seed, case: index)
      CachingAllocator.shared.resetPeak()
      let before = CachingAllocator.shared.statistics.peakBytesInUse
      let start = ContinuousClock.now
      var message: String?
      do {
        try read(bytes)
        tally.accepted += 1
      } catch {
        tally.refused += 1
        message = (error as? any LocalizedError)?.errorDescription ?? "\(error)"
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      let peak = CachingAllocator.shared.statistics.peakBytesInUse - before
      FuzzWatchdog.end()
      tally.slowest = max(tally.slowest, seconds)
      let label = "\(name), seed \(seed), case \(index)"
      if let message, message.isEmpty || message.count > 2000 || message.contains("\n") {
        tally.problems.append(
          "\(label): the message is not one line of text: \(message.prefix(300))")
      }
      if seconds > secondsPerCase { tally.problems.append("\(label): took \(seconds) s") }
      if peak > bytesPerCase { tally.problems.append("\(label): took \(peak) bytes") }
      if index % 64 == 0 { CachingAllocator.shared.trim() }
    }
    return tally
  }
}
