import MMRetinalData
import Testing

/// Composites that are cut along their gutters.
struct GutterTests {
  /// Panels of noise from left to right with gutters.
  private func composite(
    _ widths: [Int], gutters: [Int], height: Int = 120, levels: Range<UInt8> = 60..<180,
    gutter: UInt8,
    change: (Int, Int) -> UInt8? = { _, _ in nil }
  ) -> FundusImage {
    var kinds: [Int?] = []
    for (index, width) in widths.enumerated() {
      kinds += Array(repeating: index, count: width)
      if index < gutters.count { kinds += Array(repeating: nil, count: gutters[index]) }
    }
    var pixels: [UInt8] = []
    for y in 0..<height {
      for (x, kind) in kinds.enumerated() {
        let noise = levels.lowerBound + UInt8((x * 31 + y * 57 + (x * y) % 13 * 7) % levels.count)
        let level = change(x, y) ?? (kind == nil ? gutter : noise)
        pixels += [level, level, level]
      }
    }
    return FundusImage(width: kinds.count, height: height, pixels: pixels)
  }

  @Test func strayPixelsDoNotDivideAGutter() throws {
    // Column 204 of the gutter 200..<210 is not quite white, as compression leaves it.
    let image = composite([200, 150, 180], gutters: [10, 10], gutter: 255) { x, y in
      x == 204 && y % 5 == 0 ? 170 : nil
    }
    let cut = try #require(GutterCutter.cut(image, into: 3))
    #expect(cut.parts.map(\.columns) == [0..<200, 210..<360, 370..<550])
    #expect(!cut.isUneven)
  }

  @Test func unevenGuttersAreDoubtful() throws {
    let image = composite([200, 150, 180], gutters: [8, 24], gutter: 255)
    #expect(try #require(GutterCutter.cut(image, into: 3)).isUneven)
  }

  @Test func barsOfAGraphAreNoPanels() throws {
    // Two photographs and a graph with bars, on the paper that the gutters have as well: 8 bars of different
    // heights from x = 360, with paper on both sides of them.
    let image = composite([160, 160, 200], gutters: [10, 10], height: 150, gutter: 255) { x, y in
      guard x >= 340 else { return nil }
      let bar = (x - 360) / 20
      let isBar = x >= 360 && bar < 8 && (x - 360) % 20 < 6 && y > 20 + bar * 37 % 90 && y < 130
      return isBar ? 40 : 255
    }
    let cut = try #require(GutterCutter.cut(image, into: 3))
    #expect(cut.parts[0].columns == 0..<160 && cut.parts[1].columns == 170..<330)
    // The graph has all the paper but the gutter, and its own above and below.
    #expect(cut.parts[2] == .init(rows: 0..<150, columns: 340..<540))
    #expect(!cut.isUneven)
  }

  @Test func theBlackAroundAFundusIsAlikeOnBothSides() throws {
    // Two fundus photographs, with 30 and 12 pixels of black around them, and a black gutter of 10.
    func isFundus(_ x: Int, _ y: Int, _ middle: Int, _ radius: Int) -> Bool {
      (x - middle) * (x - middle) + (y - 80) * (y - 80) < radius * radius
    }
    let image = composite([200, 164], gutters: [10], height: 160, gutter: 0) { x, y in
      isFundus(x, y, 100, 70) || isFundus(x, y, 292, 70) ? nil : 0
    }
    let cut = try #require(GutterCutter.cut(image, into: 2))
    #expect(abs(cut.parts[0].columns.upperBound - 200) <= 3)
    #expect(abs(cut.parts[1].columns.lowerBound - 210) <= 3)
  }

  @Test func imagesOfOneRowThatEndSharplyAreTrimmed() throws {
    // The second panel is lower than the first.
    let image = composite([160, 160], gutters: [12], height: 150, gutter: 255) { x, y in
      x >= 172 && y >= 110 ? 255 : nil
    }
    let cut = try #require(GutterCutter.cut(image, into: 2))
    #expect(
      cut.parts == [
        .init(rows: 0..<150, columns: 0..<160), .init(rows: 0..<110, columns: 172..<332),
      ])
  }

  @Test func findsDarkGuttersAmongManyColors() throws {
    // Plain bands of many colors, as lines within a photograph are, brighter than the gutter.
    let image = composite([200, 200], gutters: [10], height: 160, gutter: 0) { x, y in
      (200..<210).contains(x)
        ? nil : y / 4 % 2 == 0 ? UInt8(50 + y) : UInt8(60 + (x * 31 + y * 57) % 120)
    }
    let cut = try #require(GutterCutter.cut(image, into: 2))
    #expect(cut.parts.count == 2 && abs(cut.parts[0].columns.upperBound - 205) <= 5)
  }
}
