import MMRetinalData
import Testing

@Suite struct ImageSeamTests {
  /// Noise around a level that differs between two halves, one upon the other.
  private func halves(_ upper: Int, _ lower: Int, paper: Range<Int> = 0..<0) -> FundusImage {
    var random = RandomStream(seed: 5)
    var pixels: [UInt8] = []
    for y in 0..<60 {
      for _ in 0..<40 * 3 {
        let level = (y < 30 ? upper : lower) + Int(random.next() % 16)
        pixels.append(paper.contains(y) ? 255 : UInt8(level))
      }
    }
    return FundusImage(width: 40, height: 60, pixels: pixels)
  }

  @Test func partsOfOneImageJoin() {
    var image = halves(100, 100)
    let before = image.pixels
    let joins = image.joins(acrossRow: 30, columns: 0..<40)
    #expect(joins && image.pixels == before)
    var other = halves(100, 180)
    let otherJoins = other.joins(acrossRow: 30, columns: 0..<40)
    #expect(!otherJoins)
  }

  @Test(arguments: [29..<30, 30..<31]) func aLineOfPaperIsFilledIn(_ paper: Range<Int>) {
    var image = halves(100, 100, paper: paper)
    let joins = image.joins(acrossRow: 30, columns: 0..<40)
    #expect(joins && image.pixels.max()! < 120)
    var turned = halves(100, 100, paper: paper).oriented(.turnedRight)
    let turnedJoins = turned.joins(acrossColumn: 30, rows: 0..<40)
    #expect(turnedJoins && turned.pixels.max()! < 120)
    // Between dark borders, as photographs have them, the line says nothing.
    var dark = halves(0, 0, paper: paper)
    let darkJoins = dark.joins(acrossRow: 30, columns: 0..<40)
    #expect(!darkJoins)
  }
}
