/// Looks for images that stand apart from the others of their figure, as one without a caption does that
/// happens to stand above: books space the panels of their figures alike.
struct PanelSpacing {
  /// The space that most panels of the book have between them, in points; nil where there are too few.
  private let usual: Double?

  init(_ figures: [BookFigure]) {
    let all = figures.flatMap(Self.spaces).sorted()
    usual = all.count >= 6 ? all[all.count / 2] : nil
  }

  /// Marks figures with a space much wider than usual.
  func mark(_ figures: inout [BookFigure]) {
    guard let usual else { return }
    for index in figures.indices {
      if let widest = Self.spaces(of: figures[index]).max(), widest > 2 * usual + 4 {
        figures[index].flags.insert(.ambiguousCaption)
      }
    }
  }

  /// The spaces that connect the images of a figure: from each one to the nearest of those before it.
  private static func spaces(of figure: BookFigure) -> [Double] {
    // Printed letters take room between images, and say themselves what belongs together.
    guard figure.parts.count > 1, figure.parts.contains(where: { $0.letters.count != 1 }),
      Set(figure.parts.map(\.page)).count == 1, figure.parts[0].page > 0
    else { return [] }
    var open = figure.parts.map(\.image.box)
    var reached = [open.removeFirst()]
    var result: [Double] = []
    while !open.isEmpty {
      let (index, distance) = open.indices
        .map { index in (index, reached.map { Self.space(open[index], $0) }.min() ?? 0) }
        .min { $0.1 < $1.1 }!
      reached.append(open.remove(at: index))
      result.append(distance)
    }
    return result
  }

  private static func space(_ a: Box, _ b: Box) -> Double {
    let (x, y) = (-a.overlapX(b), -a.overlapY(b))
    // Panels that stand aslant, as in a staircase, are as far apart as their rows or columns.
    return x > 0 && y > 0 && max(x, y) < 40 ? min(x, y) : max(0, x, y)
  }
}
