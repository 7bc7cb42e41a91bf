import Foundation
import KeepFIT
import ThreadHarness

/// `keepfit-threads [--rounds N] [--users N]`: many threads use one model at the same time, and must get the
/// bits that one thread gets alone. Built with the thread sanitizer, which reports races:
///
///     make check-threads
///
/// Exits with 1 when an answer is wrong; the sanitizer's own exit code is 66.
@main
enum Main {
  static func main() async throws {
    var rounds = 3, users = 8
    var words = Array(CommandLine.arguments.dropFirst())
    while !words.isEmpty {
      let word = words.removeFirst()
      guard let number = words.isEmpty ? nil : Int(words.removeFirst()), number > 0 else {
        fatalError("\(word) takes a number above 0")
      }
      switch word {
      case "--rounds": rounds = number
      case "--users": users = number
      default: fatalError("unknown option \(word)")
      }
    }
    // More than there may be processors, so that threads of the pool always take part.
    ThreadPool.threadCount = 4
    let check = try ConcurrentInference()
    var problems = try await check.run(users: users, rounds: rounds)
    problems += try check.readBesideAWriter(readers: users, changes: 5 * rounds)
    for problem in problems.prefix(50) { print(problem) }
    print(
      "\(rounds) rounds, \(users) threads and \(users) tasks, \(ConcurrentInference.questionCount) "
        + "questions each, \(problems.count) problems")
    exit(problems.isEmpty ? 0 : 1)
  }
}
