/// Finds which printed letters of panels belong to which image.
package enum LetterPlacing {
  private enum Place: CaseIterable { case inside, below, above, left, right }

  /// The letters of each image: those within it, and of those around it the ones at the side where the
  /// figure's letters stand.
  package static func letters(_ letters: [PrintedLetter], of boxes: [Box]) -> [[PrintedLetter]] {
    var best: [[PrintedLetter]] = boxes.map { _ in [] }
    var bestCount = 0
    for place in Place.allCases {
      var found: [[PrintedLetter]] = boxes.map { _ in [] }
      for letter in letters {
        let near = boxes.indices.compactMap { index -> (Int, Double)? in
          gap(letter.box, boxes[index], place).map { (index, $0) }
        }
        if let nearest = near.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) {
          found[nearest.0].append(letter)
        }
      }
      let count = found.count { !$0.isEmpty } * 4 + (found.allSatisfy { $0.count <= 1 } ? 1 : 0)
      if count > bestCount, found.contains(where: { !$0.isEmpty }) {
        (best, bestCount) = (found, count)
      }
    }
    return best
  }

  /// The distance of a letter at a side of an image; nil if it stands elsewhere.
  private static func gap(_ letter: Box, _ image: Box, _ place: Place) -> Double? {
    let inX = image.left - 4 <= letter.middleX && letter.middleX <= image.right + 4
    let inY = image.top - 4 <= letter.middleY && letter.middleY <= image.bottom + 4
    let value: Double
    switch place {
    case .inside: return image.contains(x: letter.middleX, y: letter.middleY) ? 0 : nil
    case .below:
      guard inX else { return nil }
      value = letter.middleY - image.bottom
    case .above:
      guard inX else { return nil }
      value = image.top - letter.middleY
    case .left:
      guard inY else { return nil }
      value = image.left - letter.middleX
    case .right:
      guard inY else { return nil }
      value = letter.middleX - image.right
    }
    return value > -4 && value < 26 ? max(0, value) : nil
  }
}
