import Testing

@Suite struct ServeCommandTests {
  @Test func helpNamesTheLimits() throws {
    let result = try KeepfitBinary.run("serve", "--help")
    #expect(result.code == 0)
    for option in ["--port", "--host", "--index-root", "--max-upload", "--timeout", "--adapter"] {
      #expect(result.output.contains(option))
    }
  }

  #if !Serve
    @Test func withoutTheTraitTheErrorSaysHowToBuild() throws {
      let result = try KeepfitBinary.run("serve", "--model", CommandFixture.model)
      #expect(result.code == 2)
      #expect(result.output.isEmpty)
      #expect(result.errors.contains("--traits Serve"))
      #expect(result.errors.split(separator: "\n").count == 1)
    }
  #else
    @Test func optionsWithoutEffectAreRefused() throws {
      let result = try KeepfitBinary.run(
        "serve", "--model", CommandFixture.model, "--index-root", CommandFixture.folder.path)
      #expect(result.code == 2)
      #expect(result.errors.contains("--index-root has no effect without --index"))
    }
  #endif
}
