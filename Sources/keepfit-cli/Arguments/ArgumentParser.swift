import MMRetinalData

/// Parses the words of a command line into the arguments of a subcommand.
package struct ArgumentParser {
  let command: String
  let named: [String: any Argument]
  let letters: [Character: any Argument]
  let positionals: Positionals?
  let all: [any Argument]

  package init(command: String, arguments: [any Argument]) {
    self.command = command
    all = arguments
    positionals = arguments.lazy.compactMap { $0 as? Positionals }.first
    let options = arguments.filter { !($0 is Positionals) }
    let names = options.flatMap { option in ([option.name] + option.aliases).map { ($0, option) } }
    named = Dictionary(names) { first, _ in
      preconditionFailure("\(command) declares --\(first.name) twice")
    }
    letters = Dictionary(options.compactMap { option in option.letter.map { ($0, option) } }) {
      first, _ in preconditionFailure("\(command) declares the letter of --\(first.name) twice")
    }
  }

  /// Parses all words. Returns false if help was requested; nothing is checked in that case.
  package func parse(_ words: [String]) throws -> Bool {
    if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
      return false
    }
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      if word == "--" {
        for rest in words[index...] { try takePositional(rest) }
        break
      } else if word.hasPrefix("--") {
        try takeNamed(word, words, &index)
      } else if word.hasPrefix("-"), word.count > 1, Double(word) == nil {
        try takeLetter(word, words, &index)
      } else {
        try takePositional(word)
      }
    }
    for argument in all { try argument.checkPresence() }
    return true
  }

  private func takeNamed(_ word: String, _ words: [String], _ index: inout Int) throws {
    let parts = word.dropFirst(2).split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let option = named[name] else { throw unknown("--" + name) }
    if option.placeholder == nil {
      guard parts.count == 1 else { throw CommandError.usage("--\(name) takes no value") }
      try option.take("")
    } else if parts.count == 2 {
      try option.take(String(parts[1]))
    } else {
      try option.take(try nextValue(of: option, words, &index))
    }
  }

  private func takeLetter(_ word: String, _ words: [String], _ index: inout Int) throws {
    guard let letter = word.dropFirst().first, let option = letters[letter] else {
      throw unknown(word)
    }
    let rest = String(word.dropFirst(2))
    if option.placeholder == nil {
      guard rest.isEmpty else { throw unknown(word) }
      try option.take("")
    } else if rest.isEmpty {
      try option.take(try nextValue(of: option, words, &index))
    } else {
      try option.take(rest.hasPrefix("=") ? String(rest.dropFirst()) : rest)
    }
  }

  private func nextValue(
    of option: any Argument, _ words: [String], _ index: inout Int
  ) throws -> String {
    guard index < words.count, !words[index].hasPrefix("--") else {
      throw CommandError.usage("--\(option.name) needs a value: \(option.help.uncapitalized)")
    }
    defer { index += 1 }
    return words[index]
  }

  private func takePositional(_ word: String) throws {
    guard let positionals else {
      throw CommandError.usage(
        "unexpected argument '\(word)': '\(command)' takes options only (see --help)")
    }
    try positionals.take(word)
  }

  private func unknown(_ word: String) -> CommandError {
    let bare = String(word.drop { $0 == "-" })
    let candidates = named.keys.sorted() + ["help"]
    if let near = Suggestions.nearest(to: bare, among: candidates) {
      // An alias that is close suggests the present name.
      let name = named[near]?.name ?? near
      return .usage("unknown option '\(word)'; did you mean '--\(name)'?")
    }
    return .usage("unknown option '\(word)': see '\(command) --help'")
  }
}
