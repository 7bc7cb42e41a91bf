import Foundation
import MMRetinalData
import Testing

@Suite struct DatasetImportTests {
  let directory = try! TemporaryDirectory()

  private func imported(
    _ text: String, _ name: String = "t.csv", out: String = "m.csv",
    columns: ColumnSelection = .init(), grouping: ImageGrouping? = nil
  ) throws -> (DatasetImport, written: Manifest) {
    let source = try directory.write(text, to: name)
    var dataset = try DatasetImport(contentsOf: source, columns: columns, grouping: grouping)
    let target = directory.url.appending(path: out)
    try dataset.write(to: target, force: true)
    #expect(dataset.isSelfContained)
    return (dataset, try Manifest(contentsOf: target))
  }

  private func images(_ names: String...) throws {
    for name in names { try directory.write("x", to: name) }
  }

  @Test func whatIsLeftOutIsCounted() throws {
    try images("a.png", "b.png", "c.png")
    let (dataset, written) = try imported(
      "id_code,diagnosis,who\na,2,p1\nb,0,p1\nb,0,p1\nc,,p2\ngone,1,p3\n",
      grouping: .column("who"))
    #expect(written.rows.map(\.image) == ["a.png", "b.png"])
    #expect(written.rows.map(\.categories) == [["2"], ["0"]])
    #expect(written.rows.map { $0.columns["patient_id"] } == ["p1", "p1"])
    #expect(written.notes.isEmpty, "\(written.notes)")
    let summary = dataset.summary
    #expect(summary.rows == 2 && summary.images == 2 && summary.labels == ["2": 1, "0": 1])
    #expect(summary.patients == 1 && !summary.isMultilabel)
    #expect(summary.columns.map(\.role) == ["image", "label", "other"])
    #expect(
      summary.dropped.map { "\($0.count) \($0.reason): \($0.examples[0])" } == [
        "1 cannot be read: line 5: the label is empty", "1 the image does not exist: gone",
        "1 the row is a duplicate: b.png",
      ])
  }

  @Test(arguments: ["m.csv", "m.jsonl"])
  func everythingIsReadBack(_ out: String) throws {
    try images("1.png", "2.png", "l.png", "r.png")
    let tables = [
      "image,label,split,age\n1.png,x,train,7\n2.png,y,val,8\n",
      "ID,DR,MH\n1,1,1\n2,0,0\n",
      "image,caption,caption_zh,modality\n1.png,\"a, \"\"b\"\"\",眼,FFA\n2.png,c,,CFP\n",
      "ID,Left-Fundus,Right-Fundus,N,D\n7,l.png,r.png,0,1\n",
      "image,diagnosis,categories,note\n1.png,a|b,x,['y']\n",
    ]
    for text in tables {
      var columns = ColumnSelection()
      if text.contains("a|b") { columns.labels = ["diagnosis"] }
      let (dataset, written) = try imported(text, out: out, columns: columns)
      let rows = dataset.manifest.rows
      #expect(written.rows.map(\.image) == rows.map(\.image), "\(text)")
      #expect(written.rows.map(\.content) == rows.map(\.content), "\(text)")
      #expect(written.rows.map(\.modality) == rows.map(\.modality), "\(text)")
      for name in ["split", "patient_id", "laterality", "age"] {
        #expect(written.rows.map { $0.columns[name] } == rows.map { $0.columns[name] }, "\(text)")
      }
    }
  }

  @Test func pathsStartFromTheManifestIfTheyCan() throws {
    try images("photos/a.png", "photos/b.png")
    try directory.write("image,label\na.png,x\nb.png,y\n", to: "tables/t.csv")
    let source = directory.url.appending(path: "tables/t.csv")
    let root = directory.url.appending(path: "photos")
    var dataset = try DatasetImport(contentsOf: source, root: root)
    let above = directory.url.appending(path: "m.csv")
    try dataset.write(to: above)
    #expect(dataset.isSelfContained)
    #expect(try Manifest(contentsOf: above).rows.map(\.image) == ["photos/a.png", "photos/b.png"])
    var beside = try DatasetImport(contentsOf: source, root: root)
    let file = directory.url.appending(path: "tables/m.csv")
    try beside.write(to: file)
    #expect(!beside.isSelfContained)
    #expect(try Manifest(contentsOf: file, root: root).rows.map(\.image) == ["a.png", "b.png"])
    #expect(throws: (any Error).self) { try beside.write(to: file) }
  }

  @Test func aWrongRootIsOneError() throws {
    let source = try directory.write("image,label\na.png,x\nb.png,y\n", to: "t.csv")
    do {
      _ = try DatasetImport(contentsOf: source)
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains("none of the images exists, such as"), "\(error)")
    }
  }

  @Test func foldersAreTables() throws {
    try images("tree/train/a/1.png", "tree/test/b/2.png", "tree/train/b/3.png")
    var dataset = try DatasetImport(contentsOf: directory.url.appending(path: "tree"))
    let file = directory.url.appending(path: "m.csv")
    try dataset.write(to: file)
    #expect(
      try String(contentsOf: file, encoding: .utf8) == """
        image,label,split
        tree/test/b/2.png,b,test
        tree/train/a/1.png,a,train
        tree/train/b/3.png,b,train

        """)
    #expect(dataset.summary.splits == ["train": 2, "test": 1])
  }
}
