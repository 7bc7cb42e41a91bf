import MMRetinalData

/// The commands in the order in which the help lists them.
package enum CommandTable {
  static let version = "0.1.0"

  package static var all: [any Subcommand.Type] {
    general + ReportCommands.all + tools
  }

  private static var general: [any Subcommand.Type] {
    [
      DemoCommand.self, InitCommand.self, ClassifyCommand.self, EmbedCommand.self,
      SearchCommand.self, ExplainCommand.self, ServeCommand.self, PretrainCommand.self,
      TransferCommand.self,
    ]
  }

  private static var tools: [any Subcommand.Type] {
    [
      InspectCommand.self, ConvertCommand.self, QuantizeCommand.self, DataSynthesizeCommand.self,
      DataImportCommand.self, DataValidateCommand.self, DataResizeCommand.self,
      DataBuildCommand.self,
      DataStatsCommand.self, BenchVisionCommand.self, BenchTextCommand.self,
      BenchStepCommand.self, BenchLoaderCommand.self, BenchReportsCommand.self,
      CompletionsCommand.self, ManualCommand.self,
    ]
  }

  /// The commands that share a first word, such as `data`; nil if there are none.
  static func family(_ word: String) -> [any Subcommand.Type]? {
    let members = all.filter { $0.name.hasPrefix(word + " ") }
    return members.isEmpty ? nil : members
  }

  /// The command that the words name, and the remaining words.
  static func find(_ words: [String]) throws -> (any Subcommand.Type, [String]) {
    for length in [2, 1] where words.count >= length {
      let name = words.prefix(length).joined(separator: " ")
      if let type = all.first(where: { $0.name == name || $0.aliases.contains(name) }) {
        return (type, Array(words.dropFirst(length)))
      }
    }
    let first = words[0]
    if first.hasPrefix("-") {
      throw CommandError.usage(
        "unknown option '\(first)': a command comes first (see 'keepfit --help')")
    }
    let typed = family(first) == nil || words.count == 1 ? first : "\(first) \(words[1])"
    let names =
      family(first).map { $0.map { $0.name } }
      ?? Array(
        Set(all.compactMap { $0.name.split(separator: " ").first.map(String.init) }))
    if let near = Suggestions.nearest(to: typed, among: names) {
      throw CommandError.usage("unknown command '\(typed)'; did you mean '\(near)'?")
    }
    throw CommandError.usage("unknown command '\(typed)': see 'keepfit --help'")
  }
}
