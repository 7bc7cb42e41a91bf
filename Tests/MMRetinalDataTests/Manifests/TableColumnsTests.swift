import Foundation
import MMRetinalData
import Testing

/// Which columns of a table are read, and what their values mean.
@Suite struct TableColumnsTests {
  let directory = try! TemporaryDirectory()

  private func read(
    _ text: String, form: Manifest.Form = .automatic, images: [String] = [],
    labels: [String] = [], split: String? = nil, names: [String: String] = [:],
    file: String = "t.csv"
  ) throws -> Manifest {
    var columns = ColumnSelection()
    columns.images = images
    columns.labels = labels
    columns.split = split
    columns.labelNames = names
    let url = try directory.write(text, to: file)
    return try Manifest(contentsOf: url, form: form, columns: columns)
  }

  private func message(_ body: () throws -> Manifest) -> String {
    do {
      _ = try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    "image_path,label\na.png,x\n", "Image Name,Retinopathy Grade\na.png,x\n",
    "file;level\na.png;x\n",
    "filepath\tclass_name\na.png\tx\n", "ID,DR grade\na.png,x\n",
    "{\"filename\": \"a.png\", \"label\": \"x\"}\n", "photo,age,diagnosis\na.png,60,x\n",
    "image_id,adjudicated_dr_grade,adjudicated_gradable\na.png,x,1\n",
  ])
  func obviousNamesAreFound(_ text: String) throws {
    let manifest = try read(text, file: text.hasPrefix("{") ? "t.jsonl" : "t.csv")
    #expect(manifest.rows.map(\.image) == ["a.png"])
    #expect(manifest.rows.map(\.categories) == [["x"]])
    #expect(!manifest.notes.isEmpty)
  }

  @Test func namedColumnsWin() throws {
    let text = "image,scan,label,Glaucoma,set\na.png,b.png,x,1,fit\n"
    let manifest = try read(
      text.replacing("fit", with: "train"), images: ["scan"], labels: ["glaucoma"], split: "set")
    #expect(manifest.rows[0].image == "b.png" && manifest.rows[0].categories == ["1"])
    #expect(manifest.rows[0].columns["split"] == "train")
    #expect(manifest.rows[0].columns["label"] == "x")
    // What the user says needs no note.
    #expect(manifest.notes.isEmpty, "\(manifest.notes)")
    #expect(
      message { try read(text, labels: ["glaucomas"]) }
        .contains("there is no column 'glaucomas'; did you mean 'Glaucoma'?"))
    #expect(message { try read("a,b\n1,2\n") }.contains("--image-column names another one"))
    #expect(message { try read("image,b\na,2\n") }.contains("--label-column names another one"))
  }

  @Test func theColumnWhoseFilesExistIsTaken() throws {
    try directory.write("x", to: "0_left.jpg")
    let manifest = try read(
      "filepath,filename,label\n/kaggle/input/0_left.jpg,0_left.jpg,N\n/x/gone.jpg,gone.jpg,N\n")
    #expect(manifest.rows.map(\.image) == ["0_left.jpg", "gone.jpg"])
    #expect(manifest.columnRoles.first?.columns == ["filename"])
  }

  @Test func columnsOfZeroAndOneAreLabels() throws {
    let text = """
      ID,Patient Age,Sex,DR,ARMD,MH
      1,60,1,1,0,1
      2,55,0,0,0,0
      3,1,1,0,1.0,0
      ,,,,,
      """
    let manifest = try read(text)
    #expect(manifest.rows.map(\.image) == ["1", "2", "3"])
    #expect(manifest.rows.map(\.categories) == [["DR", "MH"], [], ["ARMD"]])
    #expect(manifest.notes.contains { $0.contains("'DR', 'ARMD', 'MH' with the value 1") })
    #expect(manifest.rows[0].columns["Sex"] == "1")
    let chosen = try read(text, labels: ["MH,DR"], names: ["DR": "diabetic retinopathy"])
    #expect(chosen.rows[0].categories == ["MH", "diabetic retinopathy"])
    #expect(chosen.rows[0].columns["ARMD"] == "0")
    #expect(
      message { try read("image,a,b\nx,1,0\ny,2,1\n", labels: ["a", "b"]) }
        .contains("line 3: 'a' is '2', expected 0 or 1"))
    // A single one may be anything.
    #expect(message { try read("image,smoker,DR\nx,1,0\n") }.contains("'label'"))
  }

  @Test func listsAreSeveralLabels() throws {
    #expect(
      try read("image,labels\na,\"['N', 'D']\"\nb,['G']\n").rows.map(\.categories)
        == [["N", "D"], ["G"]])
    for mark in ["|", ";", "，"] {
      let manifest = try read("image,label\na,x \(mark) y z\nb,x\n")
      #expect(manifest.rows.map(\.categories) == [["x", "y z"], ["x"]], "\(mark)")
      #expect(manifest.notes == ["the labels are lists, separated by '\(mark)'"])
    }
    #expect(
      try read("{\"image\": \"a\", \"label\": [\"x\", \"y\"]}\n", file: "t.jsonl").rows[0]
        .categories
        == ["x", "y"])
  }

  @Test func eyesOfARowBecomeRows() throws {
    let text = """
      ID,Patient Age,Left-Fundus,Right-Fundus,\
      Left-Diagnostic Keywords,Right-Diagnostic Keywords,N,D
      0,69,0_left.jpg,0_right.jpg,cataract，drusen,normal fundus,0,1
      1,57,1_left.jpg,,normal fundus,,1,0

      """
    let manifest = try read(text)
    #expect(manifest.rows.map(\.image) == ["0_left.jpg", "0_right.jpg", "1_left.jpg"])
    #expect(manifest.rows.map { $0.columns["laterality"] } == ["left", "right", "left"])
    #expect(manifest.rows.map(\.categories) == [["D"], ["D"], ["N"]])
    #expect(manifest.rows.map { $0.columns["patient_id"] } == ["0", "0", "1"])
    #expect(manifest.rows[1].columns["Diagnostic Keywords"] == "normal fundus")
    #expect(manifest.rows[1].columns["Left-Diagnostic Keywords"] == nil)
    #expect(manifest.notes.contains("1 row with an image of one eye only"))
    #expect(ImageGrouping.suggested(by: manifest.rows) == .column("patient_id"))
    // The keywords are those of each eye.
    let keywords = try read(text, labels: ["Diagnostic Keywords"])
    #expect(
      keywords.rows.map(\.categories)
        == [["cataract", "drusen"], ["normal fundus"], ["normal fundus"]])
    let graded = try read("OD,OS,right_grade,left_grade\nr.png,l.png,2,0\n")
    #expect(graded.rows.map { "\($0.image) \($0.categories[0])" } == ["l.png 0", "r.png 2"])
    #expect(
      message { try read("image,left_grade,right_grade\na.png,1,2\n", labels: ["grade"]) }
        .contains("those of two eyes, but a row has one image"))
    #expect(
      message { try read("a,b,label\nx.png,y.png,1\n", images: ["a", "b"]) }
        .contains("named after the left and the right eye"))
  }

  @Test func splitsUnderOtherNamesAreFound() throws {
    let manifest = try read("image,label,Partition\na,x,train\nb,y,Test\n")
    #expect(manifest.rows.map { $0.columns["split"] } == ["train", "Test"])
    #expect(manifest.notes == ["the splits are those of the column 'Partition'"])
    // Not if the values are something else.
    #expect(try read("image,label,set\na,x,1\nb,y,2\n").rows[0].columns["split"] == nil)
  }

  @Test func labelNamesReplaceLabels() throws {
    let names = try #require(ColumnSelection.labelNames(parsing: "0=no DR; 1 = mild DR"))
    #expect(names == ["0": "no DR", "1": "mild DR"])
    for text in ["", "0", "0=", "=x", "0=a;0=b"] {
      #expect(ColumnSelection.labelNames(parsing: text) == nil, "\(text)")
    }
    #expect(
      try read("image,grade\na,0\nb,1\nc,2\n", names: names).rows.map(\.categories)
        == [["no DR"], ["mild DR"], ["2"]])
    #expect(
      try read("image,grade\na,0\n", names: names).notes == [
        "no row has the label '1', which has a name"
      ])
    // Labels that have the names already are not replaced.
    #expect(
      try read("image,grade\na,no DR\nb,mild DR\n", names: names).notes == [
        "no row has the label '0', '1', which has a name"
      ])
  }

  @Test func columnsThatAreNotUsedAreNamed() throws {
    let captioned = try read("image,label,caption,age\na,normal,A normal retina.,40\n")
    #expect(captioned.notes == ["the captions are read; not used: the column 'label'"])
    let other = captioned.columnRoles.first { $0.role == "other" }
    #expect(other?.columns == ["label", "age"])
    let plain = try read("image,label,patient_id,split\na,normal,1,train\n")
    #expect(plain.notes.isEmpty && !plain.columnRoles.contains { $0.role == "other" })
  }

  @Test func anImageIsNoTable() throws {
    let file = try directory.write(
      FundusImage(width: 1, height: 1, pixels: [1, 2, 3]).pngData(), to: "a.png")
    do {
      _ = try Manifest(contentsOf: file)
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains("it is a PNG image, expected a table"))
    }
  }

  @Test func emptiedRowsAreLeftOut() throws {
    let manifest = try read("Image name,Retinopathy grade,,,\na.png,2,,,\n,,,,\n , ,,,\n")
    #expect(manifest.rows.count == 1)
    #expect(manifest.notes.contains("2 empty rows left out"))
  }

  @Test func pathsOfOtherComputersAreFound() throws {
    let deep = "Original Images/train/IDRiD_001.jpg"
    try directory.write("x", to: deep)
    try directory.write("x", to: "a/IDRiD_2.JPG")
    try directory.write("x", to: "b/IDRiD_2.JPG")
    try directory.write("x", to: "c.JPG")
    let absolute = directory.url.path + "/" + deep
    let manifest = try read(
      "image,label\nIDRiD_001,0\n\(absolute),1\n/home/alice/data/train/../a/IDRiD_2.JPG,2\n"
        + "IDRiD_2,3\nc.jpg,4\n/gone.png,5\n"
    )
    #expect(
      manifest.rows.map(\.image) == [deep, deep, "a/IDRiD_2.JPG", "IDRiD_2", "c.JPG", "/gone.png"])
    for text in [
      "in a subdirectory", "found by its last components", "capitalized differently",
      "several subdirectories",
    ] {
      #expect(manifest.notes.contains { $0.contains(text) }, "\(text): \(manifest.notes)")
    }
    // An absolute path elsewhere is the file that it names.
    let outside = try TemporaryDirectory()
    let file = try outside.write("x", to: "o.png")
    let other = try read("image,label\n\(file.path),0\n")
    #expect(other.imageURL(of: other.rows[0]).path == file.path)
  }
}
