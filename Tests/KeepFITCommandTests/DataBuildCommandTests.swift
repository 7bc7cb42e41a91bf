import Foundation
import KeepFIT
import Testing

@Suite struct DataBuildCommandTests {
  /// A folder of figures with captions.
  private func atlas() throws -> String {
    let folder = CommandFixture.fresh("atlas")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (index, name) in ["figure1-1A.png", "figure1-1B.png", "figure1-2.png", "figure8-8.png"]
      .enumerated()
    {
      try FileManager.default.copyItem(
        atPath: CommandFixture.image(index), toPath: folder + "/" + name)
    }
    let text = "Fig. 1-1 Eyes. A. Right eye. B. Left eye.\nFig. 1-2 Drusen\nFig. 7-7 Nothing\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/captions.txt"))
    return folder
  }

  private func rows(_ folder: String) throws -> [[String: Any]] {
    try String(contentsOfFile: folder + "/pairs.jsonl", encoding: .utf8)
      .split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
  }

  @Test func translationsGoOutAndComeBack() throws {
    let (book, out) = (try atlas(), CommandFixture.fresh("dataset"))
    let file = CommandFixture.fresh("captions") + ".csv"
    let exported = try KeepfitBinary.run(
      "data", "build", book, "--out", out, "--export-translations", file)
    #expect(exported.code == 0, "\(exported.errors)")
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("images/figure1-2.jpg,en,Drusen,zh,,1"))
    // A file that somebody may have filled in is not lost.
    let again = try KeepfitBinary.run(
      "data", "build", book, "--out", out, "--export-translations", file)
    #expect(again.code == 2 && again.errors.contains(file))
    let filled = text.replacingOccurrences(of: "Drusen,zh,,", with: "Drusen,zh,玻璃膜疣,")
    try Data(filled.utf8).write(to: URL(fileURLWithPath: file))
    var results: [Data] = []
    for _ in 0..<2 {
      let built = try KeepfitBinary.run("data", "build", book, "--out", out, "--translations", file)
      #expect(built.code == 0 && built.errors.contains("still empty"), "\(built.errors)")
      results.append(try Data(contentsOf: URL(fileURLWithPath: out + "/pairs.jsonl")))
    }
    #expect(results[0] == results[1])
    let row = try #require(try rows(out).first { $0["figure"] as? String == "1-2" })
    #expect(row["caption"] as? String == "Drusen" && row["caption_zh"] as? String == "玻璃膜疣")
    #expect(row["translated"] as? String == "zh")
    let bad = try KeepfitBinary.run(
      "data", "build", book, "--out", out, "--translations", book + "/captions.txt")
    #expect(bad.code == 2 && bad.errors.contains("'key'"), "\(bad.errors)")
  }

  /// The file name in the help text is one that the command reads.
  @Test func theNameInTheHelpIsAccepted() throws {
    let help = try KeepfitBinary.run("data", "build", "--help").output
    let example = try #require(help.firstMatch(of: /named after their figures \(([^)]+)\)/)?.1)
    let (book, out) = (CommandFixture.fresh("named"), CommandFixture.fresh("named-out"))
    try FileManager.default.createDirectory(atPath: book, withIntermediateDirectories: true)
    try FundusImage(contentsOf: URL(fileURLWithPath: CommandFixture.image(0)))
      .writeJPEG(to: URL(fileURLWithPath: "\(book)/\(example)"))
    try Data("Fig. 1-2-3 Eyes. A. Right eye.\n".utf8)
      .write(to: URL(fileURLWithPath: book + "/captions.txt"))
    let built = try KeepfitBinary.run("data", "build", book, "--out", out)
    #expect(built.code == 0, "\(built.errors)")
    #expect(try rows(out).compactMap { $0["figure"] as? String } == ["1-2-3"])
  }

  @Test func aFolderBecomesADataset() throws {
    let (book, out) = (try atlas(), CommandFixture.fresh("dataset"))
    let built = try KeepfitBinary.run("data", "build", book, "--out", out)
    #expect(built.code == 0, "\(built.errors)")
    let rows = try rows(out)
    #expect(rows.count == 4)
    #expect(rows.map { $0["figure"] as? String } == ["1-1", "1-1", "1-2", ""])
    #expect(rows.map { $0["panel"] as? String } == ["A", "B", "", ""])
    #expect(
      rows.map { $0["caption"] as? String } == [
        "Eyes. Right eye.", "Eyes. Left eye.", "Drusen", "",
      ])
    #expect((rows[3]["flags"] as? [String])?.contains("no-caption") == true)
    for name in ["review.html", "datacard.md", "images/figure1-1A.jpg", "images/figure1-2.jpg"] {
      #expect(FileManager.default.fileExists(atPath: out + "/" + name), "\(name)")
    }
    // What was built is what training reads.
    for file in try FileManager.default.contentsOfDirectory(atPath: out + "/manifests") {
      let checked = try KeepfitBinary.run(
        "data", "validate", "--manifest", out + "/manifests/" + file, "--root", out)
      #expect(checked.code == 0, "\(checked.output)")
    }
    // The same again is no other dataset; another one needs --force.
    let first = try Data(contentsOf: URL(fileURLWithPath: out + "/pairs.jsonl"))
    #expect(try KeepfitBinary.run("data", "build", book, "--out", out).code == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: out + "/pairs.jsonl")) == first)
    let other = try KeepfitBinary.run("data", "build", book, "--out", out, "--preset", "chinese")
    #expect(other.code == 2 && other.errors.contains("--force"))
    #expect(
      try KeepfitBinary.run("data", "build", book, "--out", out, "--preset", "fig", "--force").code
        == 0)
  }

  @Test func twoBuildsDoNotWriteToOneDirectory() throws {
    let (book, out) = (try atlas(), CommandFixture.fresh("dataset"))
    let steps = URL(fileURLWithPath: out + "/steps")
    try FileManager.default.createDirectory(at: steps, withIntermediateDirectories: true)
    var lock: DirectoryLock? = try DirectoryLock(steps)
    for extra in [[], ["--force"]] {
      let second = try KeepfitBinary.run(["data", "build", book, "--out", out] + extra)
      #expect(second.code == 1 && second.errors.contains("another process"), "\(second.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: steps.path) == [".lock"])
    }
    #expect(lock?.isMissing == false)
    lock = nil
    #expect(try KeepfitBinary.run("data", "build", book, "--out", out).code == 0)
    #expect(!FileManager.default.fileExists(atPath: out + "/steps/.lock"))
    lock = try DirectoryLock(steps)
    let other = try KeepfitBinary.run(
      "data", "build", book, "--out", out, "--preset", "fig", "--force")
    #expect(other.code == 1 && other.errors.contains("another process"), "\(other.errors)")
    #expect(try rows(out).count == 4)
    withExtendedLifetime(lock) {}
  }

  @Test func copiesAndTellingFileNamesAreFlagged() throws {
    let book = CommandFixture.fresh("copies")
    try FileManager.default.createDirectory(atPath: book, withIntermediateDirectories: true)
    for (index, name) in [(0, "figure1-1.png"), (1, "figure1-2.png"), (0, "figure1-3.png")] {
      try FileManager.default.copyItem(
        atPath: CommandFixture.image(index), toPath: book + "/" + name)
    }
    try FileManager.default.copyItem(
      atPath: CommandFixture.image(2), toPath: book + "/Wang_Xiaoming_19820304.png")
    let text = "Fig. 1-1 One eye.\nFig. 1-2 Another eye.\nFig. 1-3 The first eye again.\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: book + "/captions.txt"))
    let out = CommandFixture.fresh("flagged")
    // The second run goes on from what the first one left.
    for _ in 0..<2 {
      #expect(try KeepfitBinary.run("data", "build", book, "--out", out).code == 0)
      let flags = try rows(out).map { $0["flags"] as? [String] ?? [] }
      #expect(flags.map { $0.contains("duplicate") } == [false, false, true, false])
      #expect(flags.map { $0.contains("privacy") } == [false, false, false, true])
    }
  }

  @Test func severalBooksInOneRun() throws {
    let (one, two) = (try atlas(), try atlas())
    let out = CommandFixture.fresh("both")
    #expect(try KeepfitBinary.run("data", "build", "--out", out, "--", one, two).code == 0)
    let rows = try rows(out)
    #expect(rows.count == 8)
    #expect(Set(rows.compactMap { $0["image"] as? String }).count == 8)
    // One that cannot be read: nothing is written.
    let none = CommandFixture.fresh("none")
    let failed = try KeepfitBinary.run("data", "build", one, two + "-gone", "--out", none)
    #expect(failed.code == 2 && failed.errors.contains("-gone"))
    #expect(!FileManager.default.fileExists(atPath: none))
  }

  @Test func buildRefusals() throws {
    let book = try atlas()
    let text = CommandFixture.fresh("book.pdf")
    for (content, word) in [
      ("", "empty"), ("%PDF-1.4 cut", "truncated"), ("PK\u{3}\u{4}xx", "damaged"),
    ] {
      try Data(content.utf8).write(to: URL(fileURLWithPath: text))
      let out = CommandFixture.fresh("refused")
      let result = try KeepfitBinary.run("data", "build", text, "--out", out)
      #expect([1, 2].contains(result.code))
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      #expect(result.errors.hasPrefix("keepfit: error: ") && result.errors.contains(word))
      #expect(!FileManager.default.fileExists(atPath: out))
    }
    let config = CommandFixture.fresh("config.json")
    try Data(#"{"colour": 1}"#.utf8).write(to: URL(fileURLWithPath: config))
    let unknown = try KeepfitBinary.run(
      "data", "build", book, "--out", CommandFixture.fresh("x"), "--config", config)
    #expect(unknown.code == 2 && unknown.errors.contains("colour"))
  }
}
