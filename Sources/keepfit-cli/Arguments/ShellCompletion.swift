/// Generates the completion script of a shell from the option tables of all commands.
enum ShellCompletion: String, ChoiceArgument {
  case bash, zsh, fish

  /// The script, for a file in the shell's completion directory.
  func script(_ commands: [any Subcommand.Type]) -> String {
    let entries = commands.map { Entry(type: $0) }
    return switch self {
    case .bash: Self.bash(entries)
    case .zsh: Self.zsh(entries)
    case .fish: Self.fish(entries)
    }
  }

  /// A command with its options.
  private struct Entry {
    let name: String
    let summary: String
    let options: [any Argument]

    init(type: any Subcommand.Type) {
      name = type.name
      summary = type.summary
      options = type.init().arguments.filter { !($0 is Positionals) }
    }

    var words: [String] { name.split(separator: " ").map(String.init) }
    var flags: [String] {
      options.map { "--" + $0.name } + options.compactMap { $0.letter.map { "-\($0)" } } + [
        "--help"
      ]
    }
  }

  /// The first words of all commands, each once, in their order.
  private static func firstWords(_ entries: [Entry]) -> [String] {
    var seen = Set<String>()
    return entries.map { $0.words[0] }.filter { seen.insert($0).inserted }
  }

  /// First words of two-word commands, with their commands.
  private static func families(_ entries: [Entry]) -> [(first: String, members: [Entry])] {
    firstWords(entries).map { first in
      (first, entries.filter { $0.words.count == 2 && $0.words[0] == first })
    }.filter { !$0.members.isEmpty }
  }

  private static func bash(_ entries: [Entry]) -> String {
    func reply(_ words: [String]) -> String {
      "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$current\"))"
    }
    var lines = [
      "# bash completion for keepfit", "_keepfit() {",
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}",
      "  local command=${COMP_WORDS[1]}",
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then",
      "    \(reply(firstWords(entries) + ["--help", "--version"]))", "    return", "  fi",
      "  case $command in",
    ]
    for (first, members) in families(entries) {
      lines += [
        "  \(first))", "    if [ \"$COMP_CWORD\" -eq 2 ]; then",
        "      \(reply(members.map { $0.words[1] } + ["--help"]))", "      return", "    fi",
        "    command=\"$command ${COMP_WORDS[2]}\" ;;",
      ]
    }
    lines += ["  esac", "  case \"$command $previous\" in"]
    for entry in entries {
      for option in entry.options {
        guard let choices = option.choices else { continue }
        lines.append("  '\(entry.name) --\(option.name)') \(reply(choices)); return ;;")
      }
    }
    lines += ["  esac", "  case $current in", "  -*)", "    case $command in"]
    for entry in entries { lines.append("    '\(entry.name)') \(reply(entry.flags)) ;;") }
    lines += [
      "    esac ;;", "  *) COMPREPLY=($(compgen -f -- \"$current\")) ;;", "  esac", "}",
      "complete -o filenames -F _keepfit keepfit", "",
    ]
    return lines.joined(separator: "\n")
  }

  private static func zsh(_ entries: [Entry]) -> String {
    func quoted(_ text: String) -> String {
      "'" + text.replacing("'", with: "'\\''") + "'"
    }
    func described(_ pairs: [(String, String)]) -> String {
      pairs.map { quoted("\($0):\($1.replacing(":", with: "\\:"))") }.joined(separator: " ")
    }
    let singles = Dictionary(
      uniqueKeysWithValues: entries.filter { $0.words.count == 1 }.map { ($0.name, $0.summary) })
    let first = firstWords(entries).map { ($0, singles[$0] ?? "several commands") }
    var lines = [
      "#compdef keepfit", "local -a commands", "if (( CURRENT == 2 )); then",
      "  commands=(\(described(first)))", "  _describe command commands", "  return", "fi",
      "local command=$words[2]", "shift words", "(( CURRENT-- ))", "case $command in",
    ]
    for (first, members) in families(entries) {
      lines += [
        "\(first))", "  if (( CURRENT == 2 )); then",
        "    commands=(\(described(members.map { ($0.words[1], $0.summary) })))",
        "    _describe command commands", "    return", "  fi",
        "  command=\"$command $words[2]\"", "  shift words", "  (( CURRENT-- )) ;;",
      ]
    }
    lines += ["esac", "case $command in"]
    for entry in entries {
      let options = entry.options.map { option -> String in
        var text = "--\(option.name)"
        let help = option.help.replacing("[", with: "\\[").replacing("]", with: "\\]")
        text += option.placeholder == nil ? "[\(help)]" : "=[\(help)]"
        if let placeholder = option.placeholder {
          let values = option.choices.map { "(\($0.joined(separator: " ")))" } ?? "_files"
          text += ":\(placeholder.replacing(":", with: "\\:")):\(values)"
        }
        return quoted(text)
      }
      lines.append("'\(entry.name)')")
      lines.append("  _arguments " + (options + ["'*:file:_files'"]).joined(separator: " \\\n    "))
      lines.append("  ;;")
    }
    return (lines + ["esac", ""]).joined(separator: "\n")
  }

  private static func fish(_ entries: [Entry]) -> String {
    func quoted(_ text: String) -> String {
      "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
    var lines = ["# fish completion for keepfit"]
    for word in firstWords(entries) {
      let summary = entries.first { $0.name == word }?.summary
      lines.append(
        "complete -c keepfit -n __fish_use_subcommand -f -a \(word)"
          + (summary.map { " -d \(quoted($0))" } ?? ""))
    }
    for (first, members) in families(entries) {
      let seconds = members.map { $0.words[1] }.joined(separator: " ")
      for member in members {
        lines.append(
          "complete -c keepfit -n '__fish_seen_subcommand_from \(first); and not "
            + "__fish_seen_subcommand_from \(seconds)' -f -a \(member.words[1]) -d "
            + quoted(member.summary))
      }
    }
    for entry in entries {
      let condition = entry.words.map { "__fish_seen_subcommand_from \($0)" }
        .joined(separator: "; and ")
      for option in entry.options {
        var line = "complete -c keepfit -n '\(condition)' -l \(option.name)"
        if let letter = option.letter { line += " -s \(letter)" }
        if option.placeholder != nil { line += " -r" }
        if let choices = option.choices {
          line += " -f -a \(quoted(choices.joined(separator: " ")))"
        }
        lines.append(line + " -d \(quoted(option.help))")
      }
    }
    return (lines + [""]).joined(separator: "\n")
  }
}
