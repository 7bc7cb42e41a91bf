/// A command of `keepfit`. Its properties that are arguments, or groups of them, are its options, in the
/// order in which the help lists them.
package protocol Subcommand {
  /// The words after `keepfit`, such as `data synthesize`.
  static var name: String { get }
  /// Earlier names, accepted silently and not shown in help, manual or completions.
  static var aliases: [String] { get }
  /// A one-sentence description for the list of commands.
  static var summary: String { get }
  /// Additional help text: file formats, examples.
  static var discussion: String { get }
  init()
  /// Refuses invalid combinations of options before any work is done.
  func validate() throws
  /// Runs the command.
  func run() throws
}

extension Subcommand {
  package static var aliases: [String] { [] }
  package static var discussion: String { "" }
  package func validate() throws {}

  /// Every argument in order of declaration, those of groups included.
  package var arguments: [any Argument] { Self.collect(self) }

  /// Refuses options, or groups of them, that were given but have no effect.
  /// - Parameter reason: why they have no effect, to follow "has no effect".
  func refuseIdle(_ options: Any..., reason: String) throws {
    if let idle = options.flatMap(Self.collect(one:)).first(where: \.isGiven) {
      throw CommandError.usage("--\(idle.name) has no effect \(reason)")
    }
  }

  private static func collect(one item: Any) -> [any Argument] {
    (item as? any Argument).map { [$0] } ?? collect(item)
  }

  private static func collect(_ holder: Any) -> [any Argument] {
    Mirror(reflecting: holder).children.flatMap { child -> [any Argument] in
      if let argument = child.value as? any Argument { return [argument] }
      if let group = child.value as? any OptionGroup { return collect(group) }
      return []
    }
  }
}
