import KeepFIT

/// `keepfit completions`
struct CompletionsCommand: Subcommand {
  static let name = "completions"
  static let summary = "Print a shell completion script."
  static let discussion = """
    'make install' installs the scripts for all shells. For the current shell only:

      source <(keepfit completions --shell bash)
    """

  let shell = Option<ShellCompletion>(
    "shell", "NAME", required: true, help: "Shell.")

  func run() throws { Console.write(shell.value.script(CommandTable.all)) }
}

/// `keepfit manual`
struct ManualCommand: Subcommand {
  static let name = "manual"
  static let summary = "Print the manual page in man format."

  func run() throws {
    Console.write(ManualPage.text(CommandTable.all, version: CommandTable.version))
  }
}
