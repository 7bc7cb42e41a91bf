import Foundation
import MMRetinalData
import Testing

@Suite struct ImageGroupingTests {
  private func rows(_ images: [String], _ columns: [[String: String]] = []) throws -> [ManifestRow]
  {
    try images.enumerated().map { index, image in
      try ManifestRow(
        image: image, content: .labels(attributes: [], categories: ["a"]),
        columns: columns.isEmpty ? [:] : columns[index], line: index + 2)
    }
  }

  @Test func columnsAndPatternsGroup() throws {
    let named = try rows(
      ["a.png", "b.png", "c.png"],
      [["patient_id": "1"], ["patient_id": " 2 "], ["patient_id": "1"]])
    let column = ImageGrouping.column("patient_id")
    #expect(try column.groups(of: named, file: "f") == ["1", "2", "1"])
    #expect(ImageGrouping.suggested(by: named) == column)
    #expect {
      try ImageGrouping.column("patient").groups(of: named, file: "f.csv")
    } throws: { "\($0)".contains("f.csv") && "\($0)".contains("'patient_id'") }
    let gap = try rows(["a.png", "b.png"], [["pid": "1"], ["pid": " "]])
    #expect {
      try ImageGrouping.column("pid").groups(of: gap, file: "f.csv")
    } throws: { "\($0)".contains("line 3") }

    let pairs = try rows(["x/12_left.jpg", "x/12_right.jpg", "x/13_left.jpg", "note.jpg"])
    let pattern = ImageGrouping.pattern("(.*)_(left|right)")
    #expect(
      try pattern.groups(of: pairs, file: "f") == ["x/12", "x/12", "x/13", "note.jpg"])
    #expect(pattern.unmatched(in: pairs) == 1)
    for (text, word) in [("(", "regular"), (".*_left", "parentheses"), ("(q)", "matches no image")]
    {
      #expect {
        try ImageGrouping.pattern(text).groups(of: pairs, file: "f.csv")
      } throws: { "\($0)".contains(word) }
    }
  }

  @Test func fileNamesGiveEyesAway() throws {
    for (left, right) in [
      ("12_left.jpg", "12_right.jpg"), ("a/0001_OS.png", "a/0001_OD.png"), ("7L.tif", "7R.tif"),
      ("left/3.png", "right/3.png"), ("P1-l-0.png", "P1-r-0.png"), ("眼/左眼 1.jpg", "眼/右眼 1.jpg"),
      ("Bild 5 links.JPG", "Bild 5 rechts.JPG"),
    ] {
      let pair = try rows([left, right, "other.png"])
      #expect(ImageGrouping.suggested(by: pair) == .eyes, "\(left)")
      let groups = try ImageGrouping.eyes.groups(of: pair, file: "f")
      #expect(groups[0] == groups[1] && groups[2] == "other.png", "\(left)")
    }
    for names in [
      ["1.jpg", "2.jpg"], ["left_1.jpg", "left_2.jpg"], ["flora1.png", "flore1.png"],
      ["drusen.png", "leftover.png", "rightover.png"],
    ] {
      #expect(ImageGrouping.suggested(by: try rows(names)) == nil, "\(names)")
    }
  }

  @Test func groupingsSurviveJSON() throws {
    for grouping in [ImageGrouping.column("p"), .pattern("(a):b"), .eyes] {
      let data = try JSONEncoder().encode([grouping])
      #expect(try JSONDecoder().decode([ImageGrouping].self, from: data) == [grouping])
    }
  }

  @Test func splitColumnsAreRead() throws {
    let words = ["train", "Training", "val", "valid", "validation", "TEST", "testing"]
    let good = try rows(words.map { "\($0).png" }, words.map { ["split": $0] })
    #expect(
      try SplitPart.parts(of: good, file: "f")
        == [.train, .train, .validation, .validation, .validation, .test, .test])
    #expect(try SplitPart.parts(of: rows(["a.png"]), file: "f") == nil)
    let bad = try rows(
      ["a.png", "b.png", "c.png"], ["train", "holdout", ""].map { ["split": $0] })
    #expect {
      try SplitPart.parts(of: bad, file: "f.csv")
    } throws: { "\($0)".contains("line 3: 'split' is 'holdout'") && "\($0)".contains("line 4") }
  }

  @Test func otherColumnsAreKept() throws {
    let directory = FileManager.default.temporaryDirectory
    let csv = directory.appendingPathComponent("columns-\(UUID().uuidString).csv")
    let lines = directory.appendingPathComponent("columns-\(UUID().uuidString).jsonl")
    defer { for url in [csv, lines] { try? FileManager.default.removeItem(at: url) } }
    try Data(",image,categories,split,modality\n0,a.png,['x'],train,FFA\n".utf8).write(to: csv)
    try Data(
      #"{"image": "a.png", "categories": ["x"], "split": "train", "modality": "FFA", "age": 7}"#
        .utf8
    ).write(to: lines)
    let first = try Manifest(contentsOf: csv, root: directory).rows[0]
    #expect(first.columns == ["split": "train", "modality": "FFA"])
    let second = try Manifest(contentsOf: lines, root: directory).rows[0]
    #expect(second.columns == ["split": "train", "modality": "FFA", "age": "7"])
    #expect(first.modality == .angiography && second.modality == .angiography)
  }
}
