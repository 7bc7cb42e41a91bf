import KeepFIT

/// `keepfit completions`
struct CompletionsCommand: Subcommand {
  static let name = "completions"
  static let summary = "Print the completion script of a shell."
  static let discussion = """
    'make install' puts the scripts where the shells look for them. For the present shell only:

      source <(keepfit completions --shell bash)
    """

  let shell = Option<ShellCompletion>(
    "shell", "NAME", required: true, help: "The shell to complete commands in.")

  func run() throws { Console.write(shell.value.script(CommandTable.all)) }
}

/// `keepfit manual`
struct ManualCommand: Subcommand {
  static let name = "manual"
  static let summary = "Print the manual page, in the format of man."

  func run() throws {
    Console.write(ManualPage.text(CommandTable.all, version: CommandTable.version))
  }
}
