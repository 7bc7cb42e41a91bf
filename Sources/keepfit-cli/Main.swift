import Foundation
import KeepFIT

@main
enum Main {
  static func main() {
    Console.ignoreClosedPipes()
    ReadingNotes.shared.listen { Console.note("note: \($0)") }
    let code = run(Array(CommandLine.arguments.dropFirst()))
    for warning in ReadingNotes.shared.takeImageWarnings() { Console.warn(warning) }
    // Exit immediately: cleanup handlers of libraries would race with threads that still load images.
    fflush(nil)
    _exit(code)
  }

  /// Runs one command line and returns its exit code.
  static func run(_ words: [String]) -> Int32 {
    do {
      try dispatch(words)
      return 0
    } catch let error as CommandError {
      Console.error(error.message)
      return error.code.rawValue
    } catch {
      Console.error(ErrorText.line(for: error))
      return ErrorText.code(for: error).rawValue
    }
  }

  private static func dispatch(_ words: [String]) throws {
    // Swift replaces invalid UTF-8 by U+FFFD, which would name a different file than intended.
    if let broken = words.first(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
      throw CommandError.usage(
        "'\(broken.quotable(limit: 80))' is not valid UTF-8; rename the file, or encode the text as UTF-8"
      )
    }
    guard let first = words.first else {
      throw CommandError.usage("no command given: see 'keepfit --help'")
    }
    if ["--help", "-h", "help"].contains(first) {
      if words.count > 1, let (type, _) = try? CommandTable.find(Array(words.dropFirst())) {
        Console.write(HelpText.command(type, arguments: type.init().arguments))
      } else {
        Console.write(HelpText.overview(CommandTable.all, version: CommandTable.version))
      }
      return
    }
    if first == "--version" {
      Console.print("keepfit \(CommandTable.version)")
      return
    }
    if let family = CommandTable.family(first),
      words.count == 1 || ["--help", "-h"].contains(words[1])
    {
      if words.count > 1 {
        Console.write(HelpText.overview(family, version: CommandTable.version))
        return
      }
      let verbs = family.map { $0.name.split(separator: " ").last.map(String.init) ?? $0.name }
      throw CommandError.usage("'\(first)' needs one of: \(verbs.joined(separator: ", "))")
    }
    let (type, rest) = try CommandTable.find(words)
    let command = type.init()
    let arguments = command.arguments
    let parser = ArgumentParser(command: "keepfit \(type.name)", arguments: arguments)
    guard try parser.parse(rest) else {
      Console.write(HelpText.command(type, arguments: arguments))
      return
    }
    try CommonOptions.checkEnvironment()
    for child in Mirror(reflecting: command).children {
      (child.value as? CommonOptions)?.apply()
    }
    try command.validate()
    try command.run()
  }
}
