import Foundation
import MMRetinalData
import Testing

@Suite struct ManifestTests {
  let directory = try! TemporaryDirectory()
  let root = URL(filePath: "/data")

  private func read(
    _ text: String, as name: String = "m.csv", form: Manifest.Form = .automatic,
    modality: ImagingModality = .colorFundus
  ) throws -> Manifest {
    try Manifest(
      contentsOf: directory.write(text, to: name), root: root, form: form, modality: modality)
  }

  private func problems(_ text: String, as name: String = "m.csv", form: Manifest.Form = .automatic)
    -> [TextProblem]
  {
    do {
      _ = try read(text, as: name, form: form)
      Issue.record("the manifest was accepted")
      return []
    } catch let error as TextFileError {
      #expect(error.file.hasSuffix(name))
      return error.problems
    } catch {
      Issue.record("\(error)")
      return []
    }
  }

  @Test func readsLabels() throws {
    let manifest = try read(
      """
      ,image,atributes,categories
      0,03_IDRiD/A. Segmentation/1. Images/IDRiD_14.jpg,[],"['microaneurysms', 'hard exudates']"
      1,28_OIA-DDR/x.jpg,['noisy'],[]

      """)
    #expect(manifest.name == "m")
    #expect(manifest.rows.map(\.line) == [2, 3])
    #expect(manifest.rows[0].categories == ["microaneurysms", "hard exudates"])
    #expect(manifest.rows[0].dataset == "03_IDRiD")
    #expect(manifest.rows[1].attributes == ["noisy"])
    #expect(manifest.rows[1].categories == [])
    #expect(manifest.imageURL(of: manifest.rows[1]).path == "/data/28_OIA-DDR/x.jpg")
  }

  @Test func readsCaptions() throws {
    let manifest = try read(
      ",image,caption,caption_zh,modality\n0,a/1.jpg,\"A disc, pale\",视盘,\n1,a/2.jpg,Leakage,,ffa\n"
    )
    #expect(manifest.rows[0].caption(in: .english) == "A disc, pale")
    #expect(manifest.rows[0].caption(in: .chinese) == "视盘")
    #expect(manifest.rows[1].caption(in: .chinese) == nil)
    #expect(manifest.rows.map(\.modality) == [.colorFundus, .angiography])
  }

  @Test func readsTheAngiographyForm() throws {
    let text = """
      ,image,atributes,categories
      0,MM/FFA/f1.jpg,[],['Late FFA image. Same person as Figures 1-5D']

      """
    let captions = try read(text, form: .captions, modality: .angiography)
    #expect(captions.rows[0].caption(in: .english) == "Late FFA image. Same person as Figures 1-5D")
    #expect(captions.rows[0].modality == .angiography)
    #expect(try read(text).rows[0].categories.count == 1)
    #expect(
      problems(text + "1,MM/FFA/f2.jpg,[],[]\n2,MM/FFA/f3.jpg,[],\"['a','b']\"\n", form: .captions)
        .map(\.line) == [3, 4])
  }

  @Test func readsJSONLines() throws {
    let manifest = try read(
      """
      {"image": "a/1.png", "categories": ["glaucoma"], "attributes": ["noisy"], "extra": 1}

      {"image": "a/2.png", "categories": [], "modality": "OCT"}
      """, as: "m.jsonl")
    #expect(manifest.rows.map(\.line) == [1, 3])
    #expect(manifest.rows[0].attributes == ["noisy"])
    #expect(manifest.rows[1].modality == .coherenceTomography)
    let captions = try read(
      "{\"image\":\"a/1.png\",\"caption\":\"x\",\"caption_zh\":\"眼\"}\n{\"image\":\"b\",\"caption_zh\":\"底\"}",
      as: "c.jsonl")
    #expect(captions.rows[0].caption(in: .chinese) == "眼")
    #expect(captions.rows[1].caption(in: .english) == nil)
  }

  @Test func gathersAllProblemsWithTheirLines() {
    let found = problems(
      """
      ,image,atributes,categories
      0,fine/1.jpg,[],['a']
      1,fine/2.jpg,[],a
      2,/etc/,[],['a']
      3,a/../../b.jpg,[],['a']
      4,fine/3.jpg,[]
      5,,[],['a']
      6,"fine/4
      .jpg",[],"['a'"
      7,C:\\x\\y.jpg,[],['a']
      8,fine/5.jpg,[],
      """)
    #expect(found.map(\.line) == [3, 4, 5, 6, 7, 8, 10, 11])
    #expect(found[1].message.contains("a directory"))
    #expect(found[2].message.contains("leads out of"))
    #expect(found[6].message.contains("Windows drive"))
    #expect(found[7].message.contains("missing"))
    let error = TextFileError(file: "m.csv", problems: found)
    #expect(error.description.hasPrefix("m.csv: line 3: "))
    #expect(error.description.hasSuffix("and 5 more problems"))
    #expect(!error.description.contains("\n"))
  }

  @Test(arguments: ["", " ", "nan", "NaN", "None"])
  func aMissingCaptionIsAnError(_ caption: String) {
    #expect(problems(",image,caption\n0,a.jpg,ok\n1,b.jpg,\(caption)\n").map(\.line) == [3])
    #expect(
      problems(",image,atributes,categories\n1,b.jpg,[],['\(caption)']\n", form: .captions).map(
        \.line)
        == [2])
    #expect(
      problems("{\"image\":\"b\",\"caption\":\"\(caption)\"}", as: "m.jsonl").map(\.line) == [1])
  }

  @Test func namesProblemsOfTheWholeFile() throws {
    #expect(
      problems("image,mask\na,b\n")[0].message.contains("'label' or 'caption', found 'image'"))
    #expect(problems("mask,caption\na,b\n")[0].message.contains("'image'"))
    #expect(problems("")[0].message.contains("empty"))
    #expect(problems("image,caption\n")[0].message.contains("no rows"))
    #expect(problems("image,caption\na,b\n", form: .labels)[0].message.contains("'categories'"))
    #expect(throws: TextFileError.self) {
      try Manifest(contentsOf: directory.url.appending(path: "absent.csv"), root: root)
    }
    #expect(throws: TextFileError.self) { try Manifest(contentsOf: directory.url, root: root) }
  }

  @Test func namesProblemsOfJSONLines() {
    let found = problems(
      """
      {"image": "a", "caption": "x"}
      {"image": "a", "caption": 7}
      [1]
      {"image": "a"
      {"caption": "x"}
      {"image": "../a", "caption": "x"}
      {"image": "a"}
      {"image": "a", "caption": "x", "modality": "MRI"}
      """, as: "m.jsonl")
    #expect(found.map(\.line) == [2, 3, 4, 5, 6, 7, 8])
    #expect(found[0].message.contains("'caption'"))
  }

  @Test(arguments: [
    ("a/./b//c.png", "a/b/c.png"), ("a/../b.png", "b.png"), ("..a/b..png", "..a/b..png"),
    ("x", "x"), ("/a/./b.png", "/a/b.png"), ("~/a.png", NSHomeDirectory() + "/a.png"),
    ("~a.png", "~a.png"),
  ])
  func paths(_ path: String, _ expected: String) throws {
    #expect(try ManifestRow(image: path, content: .captions([.english: "x"])).image == expected)
  }

  @Test(arguments: [
    "", " ", "/", "/a/../../b", "..", "a/../..", "a/", ".", "D:/x", "a/../../a/x.png", "a\0b",
  ])
  func refusedPaths(_ path: String) {
    #expect(throws: ManifestPathError.self) {
      try ManifestRow(image: path, content: .captions([.english: "x"]))
    }
  }

  @Test func writesWhatItReads() throws {
    let labels = [
      try ManifestRow(
        image: "d/1, x.png", content: .labels(attributes: [], categories: ["crohn's", "a\"b"])),
      try ManifestRow(
        image: "d/2.png", modality: .angiography,
        content: .labels(attributes: ["noisy"], categories: [])),
    ]
    let captions = [
      try ManifestRow(
        image: "d/1.png", content: .captions([.english: "a, \"b\"\nc", .chinese: "眼"])),
      try ManifestRow(image: "d/2.png", content: .captions([.english: "x"])),
    ]
    for rows in [labels, captions] {
      let manifest = Manifest(name: "m", root: root, rows: rows)
      for (name, text) in [("m.csv", manifest.csv()), ("m.jsonl", try manifest.jsonLines())] {
        let back = try read(text, as: name).rows
        #expect(back.map(\.image) == rows.map(\.image))
        #expect(back.map(\.content) == rows.map(\.content))
        #expect(back.map(\.modality) == rows.map(\.modality))
      }
    }
  }

  /// The released manifests, when somebody names a directory that holds them.
  static let released = ProcessInfo.processInfo.environment["KEEPFIT_RELEASED_MANIFESTS"]

  @Test(.enabled(if: released != nil, "set KEEPFIT_RELEASED_MANIFESTS to a directory"))
  func readsTheReleasedManifests() throws {
    let directory = URL(filePath: try #require(Self.released))
    let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
    var counts: [String: Int] = [:]
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "csv" else { continue }
      let form: Manifest.Form =
        file.lastPathComponent == "MM_Retinal_FFA.csv" ? .captions : .automatic
      let manifest = try Manifest(contentsOf: file, root: root, form: form)
      counts[manifest.name] = manifest.rows.count
      if let table = try? CSVTable(contentsOf: file) {
        #expect(manifest.rows.map(\.image) == table.records.map { $0.fields[1] })
      }
    }
    #expect(counts["39_MM_Retinal_dataset"] == 2167)
    #expect(counts["MM_Retinal_FFA"] == 1947)
    #expect(counts["02_MESSIDOR"] == 1744)
    #expect(counts["TAOP_train"] == 3000)
  }
}
