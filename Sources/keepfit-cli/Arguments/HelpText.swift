/// Formats the help of the program and of a subcommand.
package enum HelpText {
  /// The list of commands.
  static func overview(_ commands: [any Subcommand.Type], version: String) -> String {
    let width = (commands.map { $0.name.count }.max() ?? 0) + 2
    var text = """
      keepfit \(version): a fundus image-text foundation model

      Usage: keepfit COMMAND [options]
             keepfit COMMAND --help

      Commands:

      """
    for command in commands {
      text += entry(command.name, command.summary, indent: 2, width: width)
    }
    text += """

      Exit codes: 0 success, 1 failure at run time, 2 invalid usage or input.
      Results go to standard output, everything else to standard error.

      """
    return text
  }

  /// The help of one command.
  package static func command(_ type: any Subcommand.Type, arguments: [any Argument]) -> String {
    let positionals = arguments.compactMap { $0 as? Positionals }
    let options = arguments.filter { !($0 is Positionals) }
    var usage = "Usage: keepfit \(type.name)" + (options.isEmpty ? "" : " [options]")
    for argument in positionals {
      let many =
        argument.count.lowerBound < argument.count.upperBound && argument.count.upperBound > 1
        ? "…" : ""
      usage +=
        argument.count.lowerBound == 0 ? " [\(argument.name)\(many)]" : " \(argument.name)\(many)"
    }
    var text = type.summary + "\n\n" + usage + "\n"
    if !positionals.isEmpty {
      text += "\nArguments:\n"
      for argument in positionals {
        text += entry(argument.name, argument.help, indent: 2, width: 26)
      }
    }
    text += "\nOptions:\n"
    for option in options {
      var label = option.letter.map { "-\($0), " } ?? ""
      label += "--" + option.name + (option.placeholder.map { " " + $0 } ?? "")
      text += entry(label, option.fullHelp, indent: 2, width: 26)
    }
    text += entry("-h, --help", "Show this help.", indent: 2, width: 26)
    if !type.discussion.isEmpty { text += "\n" + type.discussion + "\n" }
    return text
  }

  /// A label and its explanation, wrapped at 90 columns.
  private static func entry(_ label: String, _ help: String, indent: Int, width: Int) -> String {
    let left = String(repeating: " ", count: indent) + label
    let column = indent + width
    var lines: [String] = []
    var line = left
    if left.count + 1 > column {
      lines.append(left)
      line = ""
    }
    line += String(repeating: " ", count: column - line.count)
    var isFresh = true
    for word in help.split(separator: " ") {
      if !isFresh && line.count + 1 + word.count > 90 {
        lines.append(line)
        line = String(repeating: " ", count: column)
        isFresh = true
      }
      line += (isFresh ? "" : " ") + word
      isFresh = false
    }
    lines.append(line)
    return lines.joined(separator: "\n") + "\n"
  }
}
