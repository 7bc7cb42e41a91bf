import MMRetinalData
import Testing

/// Captions that continue in another column or on another page.
extension BookLayoutTests {
  @Test func aCaptionGoesOnWithItsOtherLanguage() {
    let found = figures(
      (
        [image(310, 600, 230, 120)],
        [line("图5-2 视网膜色素变性。A. 视盘色淡。B. 频域OCT示全层黄斑裂孔。", at: 310, 730)]
      ),
      (
        [image(310, 300, 230, 120)],
        [
          line("Fig. 5-2 Retinitis pigmentosa. A. Pale disc. B. Macular hole.", at: 310, 60),
          line("图5-3 黄斑裂孔。", at: 310, 430), line("Fig. 5-3 Macular hole.", at: 310, 444),
        ]
      ))
    #expect(found.map(\.number) == ["5-2", "5-3"])
    #expect(found[0].english == "Retinitis pigmentosa. A. Pale disc. B. Macular hole.")
    #expect(found[0].chinese.hasPrefix("视网膜色素变性"))
    #expect(!found[0].flags.contains(.repeatedNumber))
  }

  /// The column ends with a sentence, but not with the caption.
  @Test(arguments: [
    ("A. Pale disc.", "B. Macular hole."), ("It is bilateral. A.", "Pale disc. B. Macular hole."),
    ("A. Pale disc after vitamin", "A. therapy. B. Macular hole."),
  ])
  func aCaptionGoesOnWithItsPanels(_ end: String, _ rest: String) {
    let found = figures(
      (
        [image(50, 600, 100, 120), image(156, 600, 100, 120)],
        [
          line("Fig. 5-2 Retinitis of the eye.", at: 50, 730), line(end, at: 50, 742),
          line(rest, at: 310, 60),
        ]
      ))
    #expect(found.map(\.english) == ["Retinitis of the eye. \(end) \(rest)"])
  }

  @Test func theRestOfAnotherCaptionIsLeftAlone() {
    let found = figures(
      (
        [image(50, 600, 190, 120), image(310, 100, 190, 120)],
        [
          line("Fig. 5-2 Retinitis of the eye.", at: 50, 730),
          line("the nerve fiber layer.", at: 310, 60), line("Fig. 5-3 Drusen.", at: 310, 230),
        ]
      ))
    #expect(found.map(\.english) == ["Drusen.", "Retinitis of the eye."])
  }
}
