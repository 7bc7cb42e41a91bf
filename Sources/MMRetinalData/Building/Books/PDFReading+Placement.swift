extension PDFReading.Placement {
  mutating func take(_ entry: Self) {
    pixelWidth = entry.pixelWidth
    pixelHeight = entry.pixelHeight
    resolution = entry.resolution
    object = entry.object
    hasMask = entry.hasMask
    (shownWidth, shownHeight) = (entry.shownWidth, entry.shownHeight)
    isSlanted = entry.isSlanted(in: box)
  }

  /// Whether the box that `pdftohtml` gives an image has other sides than the image. That box reaches from one corner
  /// of the image to the opposite one, so for an upright or right-angled image its sides are those of the image.
  private func isSlanted(in box: Box) -> Bool {
    guard shownWidth > 0, shownHeight > 0, box.width > 0, box.height > 0 else { return false }
    func off(_ a: Double, _ b: Double) -> Double { abs(a - b) / max(a, b) }
    return min(
      max(off(shownWidth, box.width), off(shownHeight, box.height)),
      max(off(shownHeight, box.width), off(shownWidth, box.height))) > 0.08
  }

  /// How far a listed image is from filling a box at its resolution, relative.
  func misfit(to box: Box) -> Double {
    guard resolution > 0, box.width > 0, box.height > 0 else { return .infinity }
    let (w, h) = (Double(pixelWidth) * 72 / resolution, Double(pixelHeight) * 72 / resolution)
    func off(_ a: Double, _ b: Double) -> Double { abs(a - b) / max(a, b) }
    return min(
      max(off(w, box.width), off(h, box.height)), max(off(h, box.width), off(w, box.height)))
  }
}
