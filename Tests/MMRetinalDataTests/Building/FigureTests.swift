import MMRetinalData
import Testing

@Suite struct FigureTests {
  @Test(arguments: [
    ("figure01-05B.jpg", "1-5", "B"), ("figure01-04-01a.jpg", "1-4-1", "a"),
    ("figure5-3-1B.png", "5-3-1", "B"), ("figure04-29CA.jpg", "4-29", "CA"),
    ("figure01-06.jpg", "1-6", ""), ("figure2-12A.JPG", "2-12", "A"), ("figure7.png", "7", ""),
    ("figure1-2ABC.jpg", "1-2", "ABC"), ("Figure1-2-3-4.tif", "1-2-3-4", ""),
  ])
  func names(_ file: String, _ figure: String, _ panel: String) throws {
    let name = try #require(FigureName(file))
    #expect(name.figure == figure)
    #expect(name.panel == panel)
    #expect(name.description == file)
  }

  @Test(arguments: [
    "figure1-2-3-4-5.jpg", "figure1-2Aa.jpg", "figure1-2ACB.jpg", "figure1-2A.gif",
    "figure1--2.jpg", "figure-1-2.jpg", "figure1-2 A.jpg", "figure１-2.jpg",
    "x.jpg",
    "figure1-2", "figure99999999999999999999-1.jpg",
  ])
  func otherNames(_ file: String) { #expect(FigureName(file) == nil) }

  @Test func sortsByNumbers() {
    let names = ["figure10-1.jpg", "figure2-10A.jpg", "figure2-9.jpg", "figure02-10B.jpg"]
      .compactMap(FigureName.init)
    #expect(
      names.sorted().map(\.description)
        == ["figure2-9.jpg", "figure2-10A.jpg", "figure02-10B.jpg", "figure10-1.jpg"])
    #expect(names[1].panelIndex == 0)
    #expect(names[2].panelIndex == nil)
  }

  private func split(_ caption: String) -> [String: String] {
    guard let parts = CaptionSplitter.split(caption) else { return [:] }
    var result = ["": parts.title]
    for (letter, text) in parts.panels { result[String(letter)] = text }
    return result
  }

  @Test func cutsCaptions() {
    #expect(split("T. A. a. B. b. C. c") == ["": "T.", "A": "a.", "B": "b.", "C": "c"])
    #expect(split("A．彩照。B．造影") == ["": "", "A": "彩照。", "B": "造影"])
    #expect(split("Disc (A) pale (B) normal") == ["": "Disc", "A": "pale", "B": "normal"])
    #expect(split("Eyes. a. right b. left") == ["": "Eyes.", "A": "right", "B": "left"])
    #expect(
      split("Edema. A, Color photo. B, FFA shows leakage") == [
        "": "Edema.", "A": "Color photo.", "B": "FFA shows leakage",
      ])
    #expect(
      split("T. A–C. same. D. other") == [
        "": "T.", "A": "same.", "B": "same.", "C": "same.", "D": "other",
      ])
    // Without a stop before it, a letter counts where the figure has as many panels.
    #expect(
      CaptionSplitter.split("T. A–C. same D. other", expecting: 4)?.text(ofPanel: "D") == "T. other"
    )
    #expect(
      split("A and B. both eyes. C. OCT") == [
        "": "", "A": "both eyes.", "B": "both eyes.", "C": "OCT",
      ])
    #expect(split("A、B．双眼。C．右眼") == ["": "", "A": "双眼。", "B": "双眼。", "C": "右眼"])
  }

  @Test func leavesAbbreviationsAlone() {
    #expect(split("FFA. B. leakage").isEmpty)
    #expect(split("Hepatitis type B. Vitamin A. deficiency").isEmpty)
    #expect(split("A. only one").isEmpty)
    #expect(split("no marks at all").isEmpty)
    #expect(
      split("T. A. FFA of BRVO. B. OCT in type C. C. late")
        == ["": "T.", "A": "FFA of BRVO.", "B": "OCT in type C.", "C": "late"])
  }

  @Test func putsTheTitleInFront() throws {
    let parts = try #require(CaptionSplitter.split("Optic edema A. right B. left"))
    #expect(parts.text(ofPanel: "B") == "Optic edema left")
    #expect(parts.text(ofPanel: "b") == "Optic edema left")
    #expect(parts.text(ofPanel: "C") == nil)
    let chinese = try #require(CaptionSplitter.split("视盘水肿 A．右眼 B．左眼"))
    #expect(chinese.text(ofPanel: "A") == "视盘水肿右眼")
  }

  @Test func cutsAsTheReleasedScript() {
    let caption = "图5-3-1 T. A. a. B. b. C. c"
    #expect(CaptionSplitter.releasedCut(caption, panel: "A") == "A. a. ")
    #expect(CaptionSplitter.releasedCut(caption, panel: "B") == "B. b. ")
    #expect(CaptionSplitter.releasedCut(caption, panel: "C") == "C. c")
    #expect(CaptionSplitter.releasedCut(caption, panel: "D") == nil)
  }

  @Test func survivesAnyCaption() {
    var random = RandomStream(seed: 5)
    let alphabet = [
      "A", "B", "C", "a", ".", "．", ",", " ", "(", ")", "–", "and", "图", "1-2", "Fig",
    ]
    for _ in 0..<3000 {
      let text = (0..<random.index(below: 14)).map { _ in
        alphabet[random.index(below: alphabet.count)]
      }.joined()
      if let parts = CaptionSplitter.split(text) {
        // Letters are consecutive from A on.
        let letters = parts.panels.keys.sorted()
        #expect(letters == Array("ABCDEFG".prefix(letters.count)), "\(text)")
      }
      _ = FigureLabel(Array(text))
      _ = FigureName(text + ".jpg")
    }
  }
}
