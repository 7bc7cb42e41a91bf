import KeepFIT

/// The directory of a training run that a command starts or resumes.
struct RunOptions: OptionGroup {
  let out = Option<FilePath>("out", "RUN", required: true, help: "Run directory.")
  let resume = Flag(
    "resume",
    help: "Resume from the newest checkpoint of the run, or start a new run if there is none.")

  /// The directory's name in messages.
  var name: String { out.value.text }
  var directory: RunDirectory { RunDirectory(out.value.url) }

  func validate(_ overwrite: OverwriteOptions) throws {
    if resume.isOn && overwrite.force.isOn {
      throw CommandError.usage(
        "--resume and --force are mutually exclusive: one continues the run, the other replaces it")
    }
  }

  /// Locks the directory, and notes if the file system does not support locks.
  func lock() throws -> DirectoryLock {
    let lock = try directory.lock()
    if lock.isMissing {
      Console.note(
        "\(name): the file system has no locks; make sure that no other process writes to it")
    }
    return lock
  }

  /// Locks and creates the directory of a new run.
  func create(_ overwrite: OverwriteOptions) throws -> DirectoryLock {
    let lock = try lock()
    try resume.isOn
      ? directory.createUnlessOccupied() : directory.create(force: overwrite.force.isOn)
    return lock
  }

  /// Notes the settings that differ from those before a step.
  /// - Returns: the history of the run with them.
  func note(
    _ changes: [PretrainingRecord.Change], after step: Int, history: [String]?
  ) -> [String]? {
    guard !changes.isEmpty else { return history }
    for change in changes { Console.note("Changed from this step on: \(change.description)") }
    return (history ?? []) + changes.map { "after step \(step): \($0.description)" }
  }
}
