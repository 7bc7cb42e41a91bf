import Testing

@Suite struct UsageTests {
  @Test func versionIsData() throws {
    let result = try KeepfitBinary.run("--version")
    #expect(result.code == 0)
    #expect(result.output.hasPrefix("keepfit 0."))
    #expect(result.errors.isEmpty)
  }

  @Test func helpListsTheCommands() throws {
    let result = try KeepfitBinary.run("--help")
    #expect(result.code == 0)
    #expect(result.output.contains("Usage: keepfit COMMAND"))
    #expect(result.errors.isEmpty)
  }

  @Test func noCommandIsWrongUsage() throws {
    let result = try KeepfitBinary.run()
    #expect(result.code == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors == "keepfit: error: no command was given: see 'keepfit --help'\n")
  }

  @Test func unknownCommandIsWrongUsage() throws {
    let result = try KeepfitBinary.run("clasify-everything-now")
    #expect(result.code == 2)
    #expect(result.errors.contains("unknown command 'clasify-everything-now'"))
    #expect(result.errors.split(separator: "\n").count == 1)
  }
}
