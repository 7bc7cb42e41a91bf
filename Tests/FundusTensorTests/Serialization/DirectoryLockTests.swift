import Foundation
import FundusTensor
import TestSupport
import Testing

@Suite struct DirectoryLockTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func oneHolderAtATime() throws {
    let file = directory.url.appending(path: ".lock").path
    var lock: DirectoryLock? = try DirectoryLock(directory.url)
    #expect(lock?.isMissing == false)
    let error = #expect(throws: DirectoryLock.Held.self) { try DirectoryLock(directory.url) }
    let process = "process \(ProcessInfo.processInfo.processIdentifier)"
    #expect(error?.description.contains(process) == true)
    #expect(FileManager.default.fileExists(atPath: file))
    lock = nil
    #expect(!FileManager.default.fileExists(atPath: file))
    _ = try DirectoryLock(directory.url)
  }

  /// A process that was killed leaves its file.
  @Test func aFileWithoutAHolderIsTakenOver() throws {
    try directory.write("process 1 on elsewhere, of a longer name\n", to: ".lock")
    let lock = try DirectoryLock(directory.url)
    let text = try String(contentsOf: directory.url.appending(path: ".lock"), encoding: .utf8)
    #expect(text.hasPrefix("process \(ProcessInfo.processInfo.processIdentifier) "))
    #expect(!text.contains("longer name"))
    withExtendedLifetime(lock) {}
  }

  /// Someone else may have removed the file, and locked a new one.
  @Test func anotherFileOfTheNameIsLeftAlone() throws {
    let file = directory.url.appending(path: ".lock")
    var first: DirectoryLock? = try DirectoryLock(directory.url)
    try FileManager.default.removeItem(at: file)
    let second = try DirectoryLock(directory.url)
    #expect(first?.isMissing == false)
    first = nil
    #expect(FileManager.default.fileExists(atPath: file.path))
    #expect(throws: DirectoryLock.Held.self) { try DirectoryLock(directory.url) }
    withExtendedLifetime(second) {}
  }
}
