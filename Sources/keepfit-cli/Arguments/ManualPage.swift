/// Generates the manual page from the option tables of all commands, in man(7) markup.
enum ManualPage {
  static func text(_ commands: [any Subcommand.Type], version: String) -> String {
    var lines = [
      ".TH KEEPFIT 1 \"\" \"KeepFIT \(escaped(version))\" \"User Commands\"",
      ".SH NAME", "keepfit \\- a fundus image\\-text foundation model",
      ".SH SYNOPSIS", ".B keepfit", ".I COMMAND", "[options]", ".br", ".B keepfit",
      ".I COMMAND", ".B \\-\\-help",
      ".SH DESCRIPTION",
      "Classifies, embeds and searches fundus photographs, pretrains image\\-text models, and adapts",
      "them to other datasets. Results go to standard output, everything else to standard error.",
      ".SH COMMANDS",
    ]
    for type in commands {
      let arguments = type.init().arguments
      let positionals = arguments.compactMap { $0 as? Positionals }
      lines.append(".SS \"keepfit \(escaped(type.name))\"")
      lines.append(protected(escaped(type.summary)))
      for argument in arguments where !(argument is Positionals) {
        var label = argument.letter.map { "\\fB\\-\($0)\\fR, " } ?? ""
        label += "\\fB\\-\\-\(escaped(argument.name))\\fR"
        if let placeholder = argument.placeholder { label += " \\fI\(escaped(placeholder))\\fR" }
        lines += [".TP", label, protected(escaped(argument.fullHelp))]
      }
      for argument in positionals {
        lines += [".TP", "\\fI\(escaped(argument.name))\\fR", protected(escaped(argument.help))]
      }
      if !type.discussion.isEmpty {
        lines += [".PP", ".nf"]
        lines += type.discussion.split(separator: "\n", omittingEmptySubsequences: false)
          .map { protected(escaped(String($0))) }
        lines.append(".fi")
      }
    }
    lines += [
      ".SH EXIT STATUS", "0 success, 1 failure at run time, 2 invalid usage or input.",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
  }

  /// Escapes a line of text that begins like a formatter request.
  private static func protected(_ line: String) -> String {
    line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
  }
}
