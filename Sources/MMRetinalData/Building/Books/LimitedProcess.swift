import Foundation

/// Runs programs of other projects on files that may be damaged or hostile: with limits on processor
/// time, memory, written bytes and duration, in a directory of their own, so that they leave nothing
/// elsewhere.
package struct LimitedProcess: Sendable {
  /// A failure of a program.
  package enum Failure: Error, Sendable, Hashable {
    /// The program is not installed.
    case missing(program: String, package: String)
    /// A limit was reached.
    case exhausted(program: String)
    /// The program ended with an error.
    case failed(program: String, message: String)
  }

  /// Seconds of processor time.
  package var processorSeconds = 120
  /// Bytes of address space.
  package var memory = 2 << 30
  /// Bytes of the largest file that may be written.
  package var fileSize = 2 << 30
  /// The directory of the program's temporary files, and its working directory.
  package let directory: URL

  package init(directory: URL) { self.directory = directory }

  /// The location of a program; nil if it is not installed.
  package static func path(of program: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(program)" }
      .first { $0.hasPrefix("/") && access($0, X_OK) == 0 }
  }

  /// Runs a program and returns what it wrote to its standard output.
  /// - Parameters:
  ///   - program: its name, looked up in `PATH`.
  ///   - package: the Debian package that holds it.
  ///   - arguments: handed over as they are; no shell reads them.
  ///   - tolerant: whether the output of a run that ended with an error is returned all the same.
  /// - Throws: ``Failure``.
  @discardableResult
  package func run(
    _ program: String, package: String, _ arguments: [String], tolerant: Bool = false
  ) throws -> Data {
    guard let path = Self.path(of: program) else {
      throw Failure.missing(program: program, package: package)
    }
    let mark = "\(program)-\(UInt64.random(in: .min ... .max))"
    let output = directory.appending(path: ".\(mark).out")
    let errors = directory.appending(path: ".\(mark).err")
    let manager = FileManager.default
    guard manager.createFile(atPath: output.path, contents: nil),
      manager.createFile(atPath: errors.path, contents: nil)
    else {
      throw Failure.failed(
        program: program, message: "\(directory.path) cannot be written to; is the disk full?")
    }
    defer {
      try? manager.removeItem(at: output)
      try? manager.removeItem(at: errors)
    }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    // The shell sets the limits, then becomes the program.
    process.arguments =
      [
        "-c",
        "ulimit -c 0; ulimit -t \(processorSeconds); ulimit -v \(memory >> 10); "
          + "ulimit -f \(fileSize >> 9); exec \"$0\" \"$@\"", path,
      ] + arguments
    process.currentDirectoryURL = directory
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
      "HOME": directory.path, "TMPDIR": directory.path, "XDG_CACHE_HOME": directory.path,
      "OMP_THREAD_LIMIT": "1",
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    let finished = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in finished.signal() }
    do { try process.run() } catch {
      throw Failure.failed(program: program, message: "it cannot be started")
    }
    // Waiting for a disk uses no processor time; a program that waits forever must end as well.
    if finished.wait(timeout: .now() + .seconds(processorSeconds * 4)) == .timedOut {
      kill(process.processIdentifier, SIGKILL)
      finished.wait()
      throw Failure.exhausted(program: program)
    }
    if process.terminationReason == .uncaughtSignal, !tolerant {
      throw Failure.exhausted(program: program)
    }
    let data = (try? Data(contentsOf: output)) ?? Data()
    if process.terminationStatus != 0, !tolerant {
      let text = String(decoding: (try? Data(contentsOf: errors)) ?? Data(), as: UTF8.self)
      if text.contains("emory") && text.contains("alloc") {
        throw Failure.exhausted(program: program)
      }
      throw Failure.failed(
        program: program,
        message: text.split(whereSeparator: \.isNewline).last.map(String.init)
          ?? "exit code \(process.terminationStatus)")
    }
    return data
  }
}
