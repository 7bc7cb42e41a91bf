import FundusTensor

/// What every command understands.
struct CommonOptions: OptionGroup {
  let threads = Option<Int>(
    "threads", "N", in: 1...1024, help: "How many threads work; all processors by default.")
  let quiet = Flag("quiet", help: "Write results and errors only.")

  /// Puts the options in force. Called by the program before the command runs.
  func apply() {
    if quiet.isOn { Console.isQuiet.store(true, ordering: .relaxed) }
    if let count = threads.given { ThreadPool.threadCount = count }
  }
}
