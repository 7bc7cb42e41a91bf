/// Tells images that belong to a book's design from those that it shows: codes, rules, ornaments.
package enum DecoyTest {
  /// Whether an image is a bar or QR code, a rule, or empty.
  package static func isDecoy(_ image: FundusImage) -> Bool {
    let (width, height) = (image.width, image.height)
    // Scans side by side may make an image as long as a rule, but not as thin.
    let (short, long) = (min(width, height), max(width, height))
    if long > 20 * short || long > 7 * short && short < 64 { return true }
    var (low, high, middle, colored) = (0, 0, 0, 0)
    let step = max(1, width * height / 40_000)
    var count = 0
    for index in stride(from: 0, to: width * height, by: step) {
      let (r, g, b) = (
        Int(image.pixels[index * 3]), Int(image.pixels[index * 3 + 1]),
        Int(image.pixels[index * 3 + 2])
      )
      let gray = (r + g + b) / 3
      if gray < 48 { low += 1 } else if gray > 207 { high += 1 } else { middle += 1 }
      if max(r, g, b) - min(r, g, b) > 40 { colored += 1 }
      count += 1
    }
    // Empty.
    if high == count || low == count { return true }
    // A code: little between black and white (the edges of its modules, compressed), much of both, and
    // many changes along its rows.
    guard middle * 7 < count, colored * 20 < count, low * 5 > count, high * 5 > count else {
      return false
    }
    var changes = 0
    var rows = 0
    for y in stride(from: height / 8, to: height * 7 / 8, by: max(1, height / 24)) {
      var last = image.pixels[y * width * 3] > 127
      for x in 1..<width where (image.pixels[(y * width + x) * 3] > 127) != last {
        last.toggle()
        changes += 1
      }
      rows += 1
    }
    return rows > 0 && changes / rows >= 8
  }
}
