import Foundation
import FuzzHarness

/// `keepfit-fuzz [--cases N] [--seed S] [--only NAME] [--dump CASE FILE]`: damages valid files of
/// every format, N in all, and gives them to the readers. Built with the address sanitizer:
///
///     swift run -c release --sanitize=address --scratch-path .build/asan keepfit-fuzz --cases 100000
///
/// Prints a line for each reader; exits with 1 when anything was wrong.
@main
enum Main {
  static func main() throws {
    var cases = 100_000, seed: UInt64 = 1, only: String?, dump: (Int, String)?
    var words = Array(CommandLine.arguments.dropFirst())
    while !words.isEmpty {
      let word = words.removeFirst()
      switch word {
      case "--cases": cases = Int(words.removeFirst())!
      case "--seed": seed = UInt64(words.removeFirst())!
      case "--only": only = words.removeFirst()
      case "--dump": dump = (Int(words.removeFirst())!, words.removeFirst())
      default: fatalError("unknown option \(word)")
      }
    }
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let targets = try FuzzTarget.all(tests: tests).filter { only == nil || $0.name == only }
    if let (index, path) = dump, let target = targets.first {
      try Data(target.bytes(seed: seed, case: index)).write(to: URL(filePath: path))
      return
    }
    FuzzWatchdog.watch(seconds: 30)
    let share = (cases + targets.count - 1) / targets.count
    var problems: [String] = []
    var total = 0
    for target in targets {
      let tally = target.run(seed: seed, cases: 0..<share)
      total += share
      problems += tally.problems
      print(
        "\(target.name): \(share) cases, \(tally.refused) refused, \(tally.accepted) read, "
          + "slowest \((tally.slowest * 1000).rounded()) ms, \(tally.problems.count) problems")
    }
    for problem in problems.prefix(50) { print(problem) }
    print("\(total) cases, \(problems.count) problems")
    exit(problems.isEmpty ? 0 : 1)
  }
}
