import MMRetinalData

/// An element of a command line: an option with a value, a flag, or positional arguments.
package protocol Argument: AnyObject {
  /// The name in `--name`, or the placeholder of positional arguments.
  var name: String { get }
  /// A one-letter short form, as in `-k`.
  var letter: Character? { get }
  /// Earlier names, accepted silently and not shown in help, manual or completions.
  var aliases: [String] { get }
  /// The placeholder of the value in the help; nil for a flag.
  var placeholder: String? { get }
  /// A one-sentence description for the help.
  var help: String { get }
  /// The default value as the help shows it.
  var defaultText: String? { get }
  /// All allowed values, where they can be listed.
  var choices: [String]? { get }
  /// Whether the command line contains it.
  var isGiven: Bool { get }
  /// Parses a value from the command line (empty for a flag).
  func take(_ text: String) throws
  /// Throws if it is required and missing.
  func checkPresence() throws
}

extension Argument {
  package var aliases: [String] { [] }

  /// The description with the allowed values and the default.
  var fullHelp: String {
    var text = help
    if let choices { text += " One of \(choices.joined(separator: ", "))." }
    if let value = defaultText, !value.isEmpty { text += " Default: \(value)." }
    return text
  }
}

/// Options shared by several commands: a type whose properties are arguments or further groups.
package protocol OptionGroup {}

/// `--name VALUE` or `--name=VALUE`, at most once.
package final class Option<Value: ArgumentValue>: Argument {
  package let name: String
  package let letter: Character?
  package let aliases: [String]
  package let placeholder: String?
  package let help: String
  private let defaultValue: Value?
  private let isRequired: Bool
  private let check: ((Value) -> String?)?

  /// The value given on the command line, if any.
  package private(set) var given: Value?

  /// - Parameters:
  ///   - check: returns what is wrong with a value ("must be …"), or nil if it is valid.
  package init(
    _ name: String, _ placeholder: String, letter: Character? = nil, aliases: [String] = [],
    default: Value? = nil,
    required: Bool = false, help: String, check: ((Value) -> String?)? = nil
  ) {
    self.name = name
    self.placeholder = placeholder
    self.letter = letter
    self.aliases = aliases
    self.defaultValue = `default`
    self.isRequired = required
    self.help = help
    self.check = check
  }

  package var isGiven: Bool { given != nil }
  package var defaultText: String? { defaultValue?.argumentText }
  package var choices: [String]? { Value.choices }

  /// The given value, or the default.
  package var optional: Value? { given ?? defaultValue }

  /// The given value, or the default, of an option that is required or has a default.
  package var value: Value {
    guard let value = optional else {
      preconditionFailure("--\(name) has no default and is not required")
    }
    return value
  }

  package func take(_ text: String) throws {
    guard given == nil else { throw CommandError.usage("--\(name) was given twice") }
    given = try ValueReader.read(text, name: name, check: check)
  }

  package func checkPresence() throws {
    if isRequired && given == nil {
      throw CommandError.usage("--\(name) \(placeholder ?? "") is missing: \(help.uncapitalized)")
    }
  }
}

extension Option where Value: Comparable {
  /// An option whose value must lie within a range.
  package convenience init(
    _ name: String, _ placeholder: String, letter: Character? = nil, aliases: [String] = [],
    default: Value? = nil,
    required: Bool = false, in range: ClosedRange<Value>, help: String
  ) {
    self.init(
      name, placeholder, letter: letter, aliases: aliases, default: `default`, required: required,
      help: help,
      check: {
        range.contains($0)
          ? nil
          : "must be from \(range.lowerBound.argumentText) to \(range.upperBound.argumentText)"
      })
  }
}

/// `--name VALUE`, repeatable.
package final class RepeatedOption<Value: ArgumentValue>: Argument {
  package let name: String
  package let letter: Character?
  package let placeholder: String?
  package let help: String
  private let isRequired: Bool

  /// The values in the order in which they were given.
  package private(set) var values: [Value] = []
  package var isGiven: Bool { !values.isEmpty }

  package init(
    _ name: String, _ placeholder: String, letter: Character? = nil, required: Bool = false,
    help: String
  ) {
    self.name = name
    self.placeholder = placeholder
    self.letter = letter
    self.isRequired = required
    self.help = help
  }

  package var defaultText: String? { nil }
  package var choices: [String]? { Value.choices }

  package func take(_ text: String) throws {
    values.append(try ValueReader.read(text, name: name, check: nil))
  }

  package func checkPresence() throws {
    if isRequired && values.isEmpty {
      throw CommandError.usage("--\(name) \(placeholder ?? "") is missing: \(help.uncapitalized)")
    }
  }
}

/// `--name`, present or not.
package final class Flag: Argument {
  package let name: String
  package let letter: Character?
  package let help: String

  /// Whether the flag was given.
  package private(set) var isOn = false
  package var isGiven: Bool { isOn }

  package init(_ name: String, letter: Character? = nil, help: String) {
    self.name = name
    self.letter = letter
    self.help = help
  }

  package var placeholder: String? { nil }
  package var defaultText: String? { nil }
  package var choices: [String]? { nil }
  package func take(_ text: String) throws { isOn = true }
  package func checkPresence() throws {}
}

/// Positional arguments, such as image files.
package final class Positionals: Argument {
  package let name: String
  package let help: String
  /// The allowed number of arguments.
  package let count: ClosedRange<Int>

  /// The arguments in order.
  package private(set) var values: [String] = []
  package var isGiven: Bool { !values.isEmpty }

  package init(_ name: String, count: ClosedRange<Int>, help: String) {
    self.name = name
    self.count = count
    self.help = help
  }

  package var letter: Character? { nil }
  package var placeholder: String? { name }
  package var defaultText: String? { nil }
  package var choices: [String]? { nil }

  /// The arguments as paths.
  package var paths: [FilePath] { values.map { FilePath($0) } }

  package func take(_ text: String) throws {
    guard values.count < count.upperBound else {
      throw CommandError.usage(
        "unexpected argument '\(text)': "
          + (count.upperBound == 1
            ? "only one \(name) is allowed" : "at most \(count.upperBound) are allowed"))
    }
    if let problem = FilePath(text).lengthProblem {
      throw CommandError.usage("\(name) \(problem)")
    }
    values.append(text)
  }

  package func checkPresence() throws {
    if values.count < count.lowerBound {
      throw CommandError.usage("\(name) is missing: \(help.uncapitalized)")
    }
  }
}

/// Parses values and formats errors.
enum ValueReader {
  static func read<Value: ArgumentValue>(
    _ text: String, name: String, check: ((Value) -> String?)?
  ) throws -> Value {
    guard let value = Value(argument: text) else {
      var message = "--\(name) '\(text)' is not \(Value.expectation)"
      if let near = Suggestions.nearest(to: text, among: Value.choices ?? []) {
        message += "; did you mean '\(near)'?"
      }
      throw CommandError.usage(message)
    }
    if let problem = (value as? FilePath)?.lengthProblem {
      throw CommandError.usage("--\(name) \(problem)")
    }
    if let complaint = check?(value) {
      throw CommandError.usage("--\(name) \(complaint), not \(text)")
    }
    return value
  }
}

extension String {
  /// The sentence without its leading capital and final period, for use after a colon.
  var uncapitalized: String {
    var text = self
    if text.hasSuffix(".") { text.removeLast() }
    guard let first = text.first, text.dropFirst().first?.isUppercase != true else { return text }
    return first.lowercased() + text.dropFirst()
  }
}
