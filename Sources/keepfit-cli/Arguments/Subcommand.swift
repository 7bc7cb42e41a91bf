/// A verb of the command line. Its properties that are arguments, or groups of them, are its
/// options, in the order in which the help lists them.
package protocol Subcommand {
  /// The words after `keepfit`, such as `data synthesize`.
  static var name: String { get }
  /// One sentence for the list of commands.
  static var summary: String { get }
  /// Lines for the command's own help: examples, formats.
  static var discussion: String { get }
  init()
  /// Refuses combinations of options that cannot be meant, before any work.
  func validate() throws
  /// Does the work.
  func run() throws
}

extension Subcommand {
  package static var discussion: String { "" }
  package func validate() throws {}

  /// Every argument in order of declaration, those of groups included.
  package var arguments: [any Argument] { Self.collect(self) }

  /// Refuses options, or groups of them, that were given and change nothing: whoever gives one
  /// believes that it does.
  /// - Parameter reason: why they have no effect, to stand after "has no effect".
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
