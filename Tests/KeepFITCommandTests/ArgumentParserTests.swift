import MMRetinalData
import Testing

import keepfit_cli

@Suite struct ArgumentParserTests {
  private struct Sample: Subcommand {
    static let name = "sample"
    static let summary = "A sample."
    let size = Option<Int>(
      "size", "S", aliases: ["extent"], default: 512, in: 32...4096, help: "Side.")
    let rate = Option<Double>("rate", "R", letter: "r", help: "Rate.")
    let model = Option<FilePath>("model", "M", required: true, help: "The model.")
    let texts = RepeatedOption<String>("text", "T", help: "Texts.")
    let force = Flag("force", letter: "f", help: "Overwrite.")
    let images = Positionals("IMAGE", count: 0...2, help: "Images.")
    func run() throws {}
  }

  private func parse(_ words: String...) throws -> Sample {
    let sample = Sample()
    let parser = ArgumentParser(command: "keepfit sample", arguments: sample.arguments)
    _ = try parser.parse(words)
    return sample
  }

  private func refusal(_ words: String...) -> String {
    let sample = Sample()
    let parser = ArgumentParser(command: "keepfit sample", arguments: sample.arguments)
    do {
      _ = try parser.parse(words)
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test func bothSpellingsOfValues() throws {
    let sample = try parse("--size=64", "--model", "m", "a.png", "--rate", "-0.5", "--", "--b.png")
    #expect(sample.size.value == 64)
    #expect(sample.model.value.text == "m")
    #expect(sample.rate.given == -0.5)
    #expect(sample.images.values == ["a.png", "--b.png"])
    #expect(!sample.force.isOn)
  }

  @Test func lettersAndRepetition() throws {
    let sample = try parse("-f", "-r2", "--model=m=n", "--text", "a", "--text=b;c")
    #expect(sample.force.isOn)
    #expect(sample.rate.given == 2)
    #expect(sample.model.value.text == "m=n")
    #expect(sample.texts.values == ["a", "b;c"])
    #expect(sample.size.value == 512)
  }

  @Test func refusalsNameTheOption() {
    #expect(refusal("--model", "m", "--size", "9") == "--size must be from 32 to 4096, not 9")
    #expect(refusal("--model", "m", "--size", "big") == "--size 'big' is not a whole number")
    #expect(refusal("--model", "m", "--size") == "--size needs a value: side")
    #expect(refusal("--model", "m", "--size", "64", "--size=64") == "--size was given twice")
    #expect(refusal("--model", "m", "--force=yes") == "--force takes no value")
    #expect(refusal("a.png") == "--model M is missing: the model")
    #expect(
      refusal("--model", "m", "a", "b", "c") == "unexpected argument 'c': at most 2 are allowed")
  }

  @Test func earlierNamesAreAcceptedSilently() throws {
    #expect(try parse("--model", "m", "--extent", "64").size.value == 64)
    #expect(refusal("--model", "m", "--extent", "9") == "--size must be from 32 to 4096, not 9")
    #expect(refusal("--extend=64") == "unknown option '--extend'; did you mean '--size'?")
    #expect(!HelpText.command(Sample.self, arguments: Sample().arguments).contains("extent"))
  }

  @Test func slipsAreRecognized() {
    #expect(refusal("--modle", "m") == "unknown option '--modle'; did you mean '--model'?")
    #expect(refusal("--sise=4") == "unknown option '--sise'; did you mean '--size'?")
    #expect(refusal("--zebra") == "unknown option '--zebra': see 'keepfit sample --help'")
    #expect(Suggestions.nearest(to: "clasify", among: ["classify", "convert"]) == "classify")
    #expect(Suggestions.nearest(to: "xyz", among: ["classify", "convert"]) == nil)
  }
}
