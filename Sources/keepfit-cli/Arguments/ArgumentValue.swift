import Foundation

/// A type that can be parsed from the text of an option's value.
package protocol ArgumentValue {
  /// The parsed value, or nil if the text is not valid.
  init?(argument: String)
  /// A description of valid values for error messages, such as "a whole number".
  static var expectation: String { get }
  /// A default value as the help shows it.
  var argumentText: String { get }
  /// All allowed values, where they can be listed.
  static var choices: [String]? { get }
}

extension ArgumentValue {
  package static var choices: [String]? { nil }
}

extension Int: ArgumentValue {
  package init?(argument: String) {
    // "4_096" is accepted; "1e3" is not.
    self.init(argument.replacingOccurrences(of: "_", with: ""))
  }
  package static var expectation: String { "a whole number" }
  package var argumentText: String { String(self) }
}

extension UInt64: ArgumentValue {
  package init?(argument: String) { self.init(argument) }
  package static var expectation: String { "a non-negative whole number" }
  package var argumentText: String { String(self) }
}

extension Double: ArgumentValue {
  package init?(argument: String) {
    guard let value = Double(argument as String), value.isFinite else { return nil }
    self = value
  }
  package static var expectation: String { "a number" }
  package var argumentText: String {
    self == rounded() && abs(self) < 1e6 ? String(Int(self)) : "\(self)"
  }
}

extension String: ArgumentValue {
  package init?(argument: String) { self = argument }
  package static var expectation: String { "text" }
  package var argumentText: String { self }
}

/// The path of a file or directory; relative paths start at the working directory.
package struct FilePath: ArgumentValue, Hashable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package init?(argument: String) {
    guard !argument.isEmpty, !argument.utf8.contains(0) else { return nil }
    text = argument
  }
  package static var expectation: String { "a path" }
  package var argumentText: String { text }

  /// The reason why a path is too long, or nil: Linux allows 255 bytes in a name and 4,095 in a path.
  package var lengthProblem: String? {
    let longest = text.split(separator: "/").map(\.utf8.count).max() ?? 0
    guard longest > 255 || text.utf8.count > 4095 else { return nil }
    return "'\(text.prefix(40))…' is too long: at most 255 bytes per name and 4095 in total"
  }

  package var url: URL { URL(fileURLWithPath: (text as NSString).expandingTildeInPath) }
  package var exists: Bool { FileManager.default.fileExists(atPath: url.path) }
  package var isDirectory: Bool { FileManager.default.isDirectory(url.path) == true }
}

/// An enumeration whose raw values are the allowed option values.
package protocol ChoiceArgument: ArgumentValue, RawRepresentable, CaseIterable
where RawValue == String {}

extension ChoiceArgument {
  package init?(argument: String) { self.init(rawValue: argument) }
  package static var expectation: String {
    "one of " + allCases.map(\.rawValue).joined(separator: ", ")
  }
  package static var choices: [String]? { allCases.map(\.rawValue) }
  package var argumentText: String { rawValue }
}
