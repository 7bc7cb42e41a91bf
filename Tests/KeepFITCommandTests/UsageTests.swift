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
    #expect(result.errors == "keepfit: error: no command given: see 'keepfit --help'\n")
  }

  @Test(arguments: [
    ["inspect"], ["init", "--out"], ["classify", "--model", "m", "--labels", "a;b"],
  ])
  func namesThatNoFileSystemHoldsAreRefused(words: [String]) throws {
    let long = try KeepfitBinary.run(words + [String(repeating: "a", count: 300)])
    #expect(long.code == 2 && long.errors.contains("is too long"))
    #expect(long.errors.utf8.count < 200)
    let broken = try KeepfitBinary.run(words + ["eye\u{FFFD}.png"])
    #expect(broken.code == 2 && broken.errors.contains("is not valid UTF-8"))
    #expect(broken.errors.split(separator: "\n").count == 1)
  }

  @Test func theNumberOfThreadsIsANumber() throws {
    let words = ["inspect", CommandFixture.model + "/model.safetensors"]
    let wrong = try KeepfitBinary.run(words, environment: ["KEEPFIT_NUM_THREADS": "zz"])
    #expect(wrong.code == 2 && wrong.errors.contains("KEEPFIT_NUM_THREADS"), "\(wrong.errors)")
    let right = try KeepfitBinary.run(words, environment: ["KEEPFIT_NUM_THREADS": "2"])
    #expect(right.code == 0, "\(right.errors)")
  }

  @Test func unknownCommandIsWrongUsage() throws {
    let result = try KeepfitBinary.run("clasify-everything-now")
    #expect(result.code == 2)
    #expect(result.errors.contains("unknown command 'clasify-everything-now'"))
    #expect(result.errors.split(separator: "\n").count == 1)
  }
}
