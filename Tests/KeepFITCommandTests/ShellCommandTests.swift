import Foundation
import Testing

import keepfit_cli

/// Completions and the manual page follow the option tables.
@Suite struct ShellCommandTests {
  /// What bash offers for the last of `words`.
  private func offers(_ words: String...) throws -> [String] {
    let script = try KeepfitBinary.run("completions", "--shell", "bash").output
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    let list = words.map { "'\($0)'" }.joined(separator: " ")
    process.arguments = [
      "-c",
      script + "\nCOMP_WORDS=(\(list)); COMP_CWORD=\(words.count - 1); _keepfit; "
        + "printf '%s\\n' \"${COMPREPLY[@]}\"",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func bashCompletesCommandsOptionsAndValues() throws {
    #expect(try offers("keepfit", "trans") == ["transfer"])
    #expect(try offers("keepfit", "data", "syn") == ["synthesize"])
    #expect(try offers("keepfit", "transfer", "--images-") == ["--images-root"])
    #expect(try offers("keepfit", "data", "synthesize", "--public-c") == ["--public-count"])
    let methods = try offers("keepfit", "transfer", "--method", "tip")
    #expect(methods == ["tip-adapter", "tip-adapter-f"])
  }

  @Test(arguments: ["zsh", "fish"]) func otherShellsKnowEveryOption(shell: String) throws {
    let script = try KeepfitBinary.run("completions", "--shell", shell).output
    for type in CommandTable.all {
      for option in type.init().arguments where option.name.first?.isLowercase == true {
        #expect(
          script.contains("--\(option.name)") || script.contains("-l \(option.name)"),
          "\(type.name) --\(option.name)")
      }
    }
  }

  @Test func manualPageTellsOfEveryOption() throws {
    let page = try KeepfitBinary.run("manual").output
    #expect(page.hasPrefix(".TH KEEPFIT 1"))
    for type in CommandTable.all {
      #expect(page.contains(".SS \"keepfit \(type.name.replacing("-", with: "\\-"))\""))
      for option in type.init().arguments where option.name.first?.isLowercase == true {
        #expect(page.contains("\\-\\-\(option.name.replacing("-", with: "\\-"))"))
      }
    }
  }
}
