import Foundation
import MMRetinalData
import Synchronization
import Testing

@Suite struct ManifestValidationTests {
  let directory = try! TemporaryDirectory()

  private func png(_ value: UInt8, side: Int = 8) -> Data {
    FundusImage(
      width: side, height: side, pixels: [UInt8](repeating: value, count: side * side * 3)
    )
    .pngData()
  }

  private func validate(_ text: String, decodes: Bool = true) throws -> ManifestValidation {
    let file = try directory.write(text, to: "m.csv")
    return ManifestValidation(
      checking: [.init(file: file, root: directory.url)], decodesImages: decodes)
  }

  @Test func findsEverythingAtOnce() throws {
    try directory.write(png(1), to: "d/1.png")
    try directory.write(png(1), to: "d/2.png")
    try directory.write(png(200), to: "d/3.png")
    try directory.write(png(3).prefix(60), to: "d/4.png")
    try directory.write("no image", to: "d/5.png")
    let result = try validate(
      """
      ,image,atributes,categories
      0,d/1.png,[],['age related macular degeneration']
      1,d/2.png,[],['age related macular degeneration']
      2,d/3.png,[],['age-related macular degeneration']
      3,d/4.png,[],['drusens']
      4,d/5.png,[],['drusen']
      5,d/6.png,[],['drusen']
      6,d/3.png,[],['1c']
      7,../7.png,[],['2c']
      8,d/8.png,[],broken
      """)
    #expect(
      result.findings.map(\.kind) == [
        .duplicateImage, .unreadableImage, .unreadableImage, .missingImage,
        .conflictingLabels, .repeatedRow, .badPath, .unreadableRow, .oddLabel, .oddLabel,
      ])
    #expect(result.findings.map(\.line) == [3, 5, 6, 7, 8, 8, 9, 10, nil, nil])
    #expect(result.findings[0].message == "'d/2.png' is identical to 'd/1.png' (m.csv, line 2)")
    #expect(result.findings[1].message.contains("d/4.png"))
    #expect(result.findings[8].message.contains("'age-related macular degeneration' (1 row)"))
    #expect(result.rows == 7)
    #expect(result.images == 6)
    #expect(result.counts["odd_label"] == 2)
    #expect(!result.isSound)
    let encoded = try JSONEncoder().encode(result)
    #expect(try JSONDecoder().decode(ManifestValidation.self, from: encoded) == result)
  }

  @Test func acceptsASoundManifest() throws {
    try directory.write(png(1), to: "d/1.png")
    try directory.write(png(200), to: "d/2.png")
    let text = ",image,caption\n0,d/1.png,one\n1,d/2.png,two\n"
    let done = Mutex<[Int]>([])
    let file = try directory.write(text, to: "m.csv")
    let result = ManifestValidation(checking: [.init(file: file, root: directory.url)]) {
      count, total in
      #expect(total == 2)
      done.withLock { $0.append(count) }
    }
    #expect(result.findings.isEmpty)
    #expect(result.isSound)
    #expect(done.withLock { $0.sorted() } == [1, 2])
  }

  @Test func namesMissingCaptionsAndManifests() throws {
    try directory.write(png(1), to: "d/1.png")
    let result = try validate(",image,caption\n0,d/1.png,\n", decodes: false)
    #expect(result.findings.map(\.kind) == [.missingCaption])
    let absent = ManifestValidation(
      checking: [.init(file: directory.url.appending(path: "absent.csv"), root: directory.url)])
    #expect(absent.findings.map(\.kind) == [.unreadableRow])
  }

  @Test func comparesSpellings() {
    func pairs(_ labels: [String: Int]) -> [[String]] {
      var text = ",image,atributes,categories\n"
      for (label, count) in labels {
        for index in 0..<count { text += "0,\(label)/\(index).png,[],['\(label)']\n" }
      }
      let file = try! directory.write(text, to: "labels.csv")
      let result = ManifestValidation(
        checking: [.init(file: file, root: directory.url)], decodesImages: false)
      return result.findings.filter { $0.kind == .oddLabel }.map { finding in
        finding.message.split(separator: "'", omittingEmptySubsequences: false).enumerated()
          .filter { $0.offset % 2 == 1 }.map { String($0.element) }
      }
    }
    #expect(pairs(["0c": 1, "1c": 1, "grade 1": 3, "grade 2": 2, "normal": 1]).isEmpty)
    #expect(pairs(["glaucoma": 3, "no glaucoma": 3, "Glaucoma": 1]) == [["Glaucoma", "glaucoma"]])
    #expect(
      pairs(["severe diabetic retinopathy": 3, "severe diabetic retinopathy.": 1])
        == [["severe diabetic retinopathy.", "severe diabetic retinopathy"]])
    #expect(
      pairs(["hypertensive retinopathy": 3, "hypertensive retinopaty": 1])
        == [["hypertensive retinopaty", "hypertensive retinopathy"]])
    #expect(pairs(["mild": 1, "mile": 1]).isEmpty)
  }

  /// A textured image of 40 x 30 pixels, moved by some levels.
  private func textured(_ seed: Int, shift: Int = 0) -> FundusImage {
    let pixels = (0..<40 * 30 * 3).map { index in
      UInt8(60 + (index / 3 % 40 * (3 + seed) + index / 120 * (7 + 5 * seed)) % 120 + shift)
    }
    return FundusImage(width: 40, height: 30, pixels: pixels)
  }

  @Test func countsWhatTrainingAndTestShare() throws {
    let original = textured(1)
    try directory.write(original.pngData(), to: "a_left.png")
    try directory.write(original.pngData(), to: "copy.png")
    try directory.write(try original.jpegData(quality: 90, subsampling: .both), to: "again.jpg")
    try directory.write(textured(4).pngData(), to: "a_right.png")
    try directory.write(textured(9).pngData(), to: "other.png")
    let train = try directory.write(
      "image,label\na_left.png,normal\nother.png,drusen\n", to: "train.csv")
    let test = try directory.write(
      "image,label\ncopy.png,drusen\nagain.jpg,normal\na_right.png,normal\nother.png,drusen\n",
      to: "test.csv")
    let sources = [train, test].map {
      ManifestValidation.Source(file: $0, root: directory.url)
    }
    let result = ManifestValidation(checking: sources)
    #expect(
      result.counts == [
        "duplicate_image": 1, "conflicting_labels": 1, "shared_image": 2, "similar_image": 1,
        "shared_group": 1, "repeated_row": 1,
      ], "\(result.findings)")
    #expect(result.isSound)
    let quick = ManifestValidation(checking: sources, findsDuplicates: false)
    #expect(quick.counts == ["shared_image": 1, "shared_group": 1, "repeated_row": 1])
  }

  @Test func theSplitColumnHasSides() throws {
    for index in 0..<4 {
      try directory.write(textured(index * 2).pngData(), to: "\(index).png")
    }
    let result = try validate(
      """
      image,label,split,patient_id
      0.png,normal,train,p1
      1.png,normal,test,p1
      2.png,drusen,train,p2
      3.png,drusen,train,p2
      """)
    #expect(result.findings.map(\.kind) == [.sharedGroup])
    #expect(result.findings[0].message.contains("patient_id"))
    #expect(result.patients?.description == "2 patients by column 'patient_id' in 2 splits")
  }

  /// Without a second split there is nothing to compare, and a requested grouping says so.
  @Test func patientsOfOneSplitAreCounted() throws {
    for index in 0..<3 {
      try directory.write(textured(index * 2).pngData(), to: "\(index).png")
    }
    let result = try validate(
      """
      image,label,patient_id
      0.png,normal,p1
      1.png,normal,p1
      2.png,drusen,p2
      """)
    #expect(result.findings.isEmpty)
    #expect(
      result.patients?.description
        == "2 patients by column 'patient_id'; with a single split no patient can be in two")
  }
}
