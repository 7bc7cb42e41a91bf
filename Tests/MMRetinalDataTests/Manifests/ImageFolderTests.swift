import Foundation
import MMRetinalData
import Testing

/// Directories of classes, as torchvision and timm read them.
@Suite struct ImageFolderTests {
  let directory = try! TemporaryDirectory()

  private func make(_ files: [String]) throws {
    for file in files { try directory.write("x", to: file) }
  }

  private func message(_ form: Manifest.Form = .automatic, columns: ColumnSelection = .init())
    -> String
  {
    do {
      _ = try Manifest(contentsOf: directory.url, form: form, columns: columns)
      return ""
    } catch { return "\(error)" }
  }

  @Test func classesAreDirectories() throws {
    try make(["normal/2.jpg", "normal/1.PNG", "AMD/site a/3.tif", "AMD/Thumbs.db", "notes.txt"])
    let manifest = try Manifest(contentsOf: directory.url, form: .labels)
    #expect(manifest.root == directory.url)
    #expect(manifest.rows.map(\.image) == ["AMD/site a/3.tif", "normal/1.PNG", "normal/2.jpg"])
    #expect(manifest.rows.map(\.categories) == [["AMD"], ["normal"], ["normal"]])
    #expect(manifest.rows.allSatisfy { $0.columns.isEmpty })
    #expect(manifest.notes.count == 1 && manifest.notes[0].hasPrefix("2 files left out"))
  }

  @Test func splitsAreHonored() throws {
    try make(["train/a/1.jpg", "train/b/2.jpg", "Valid/a/3.jpg", "test/b/4.jpg", "test/c/5.jpg"])
    let manifest = try Manifest(contentsOf: directory.url)
    #expect(
      manifest.rows.map { "\($0.image) \($0.columns["split"] ?? "-") \($0.categories[0])" } == [
        "Valid/a/3.jpg validation a", "test/b/4.jpg test b", "test/c/5.jpg test c",
        "train/a/1.jpg train a", "train/b/2.jpg train b",
      ])
    // A class that a split lacks is named.
    #expect(manifest.notes.contains("train has no images of 'c'"))
    #expect(try manifest.rows(of: .train).rows.count == 2)
    let folder = try ImageFolder(directory.url)
    #expect(folder.classes == ["a", "b", "c"])
    #expect(folder.counts[.test] == ["b": 1, "c": 1])
  }

  @Test func anEmptyClassIsNamed() throws {
    try make(["a/1.jpg", "b/readme.txt"])
    #expect(message().contains("the class 'b' has no images"))
    try FileManager.default.createDirectory(
      at: directory.url.appending(path: "c"), withIntermediateDirectories: true)
    #expect(message().contains("the classes 'b', 'c' have no images"))
  }

  @Test func otherLayoutsAreErrors() throws {
    try make(["1.jpg", "2.jpg"])
    #expect(message().contains("has no directories of classes, only 2 files"))
    try make(["train/a/1.jpg", "other/b/2.jpg"])
    #expect(message().contains("mixes splits ('train') with other directories ('other')"))
  }

  @Test func oneSplitTwiceIsAnError() throws {
    try make(["val/a/1.jpg", "valid/a/2.jpg"])
    #expect(message().contains("two directories are the split 'validation'"))
  }

  @Test func captionsAndColumnsAreRefused() throws {
    try make(["a/1.jpg", "b/2.jpg"])
    #expect(message(.captions).contains("has labels, expected captions"))
    var columns = ColumnSelection()
    columns.labelNames = ["a": "normal"]
    let named = try Manifest(contentsOf: directory.url, columns: columns)
    #expect(named.rows.map(\.categories) == [["normal"], ["b"]])
    columns.labelNames = ["x": "normal"]
    #expect(
      try Manifest(contentsOf: directory.url, columns: columns).notes.contains {
        $0.contains("no row has the label 'x'")
      })
    columns.labels = ["grade"]
    #expect(message(columns: columns).contains("no columns to select"))
  }

  @Test func validationFindsImagesInBothSplits() throws {
    let image = FundusImage(width: 8, height: 8, pixels: (0..<192).map { UInt8($0) })
    for file in ["train/a/1.png", "test/a/2.png"] {
      try directory.write(image.pngData(), to: file)
    }
    let other = FundusImage(width: 8, height: 8, pixels: (0..<192).map { UInt8(255 - $0) })
    try directory.write(other.pngData(), to: "train/b/3.png")
    let result = ManifestValidation(checking: [.init(file: directory.url)])
    #expect(result.counts["shared_image"] == 1 && result.isSound, "\(result.findings)")
    #expect(result.labels == ["a": 2, "b": 1])
    // A grouping that was asked for must be there.
    let grouped = ManifestValidation(
      checking: [.init(file: directory.url)], decodesImages: false, grouping: .column("who"))
    #expect(!grouped.isSound)
    #expect(grouped.findings.contains { $0.message.contains("no column 'who'") })
  }
}
