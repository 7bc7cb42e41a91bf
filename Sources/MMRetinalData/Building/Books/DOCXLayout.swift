import Foundation

/// Places the blocks of a Word document on one long page: paragraphs below each other, the images of a
/// paragraph side by side, cells of tables in their columns.
struct DOCXLayout {
  let width: Double
  private(set) var height = 0.0
  private(set) var lines: [TextLine] = []
  private(set) var pictures: [(DOCXReading.Picture, Box)] = []
  private(set) var drawings: [Box] = []

  private static let size = 10.0
  private static let leading = 12.0

  init(width: Double) { self.width = width }

  mutating func add(_ blocks: [DOCXReading.Block]) {
    height = add(blocks, left: 0, right: width, top: 0)
  }

  /// Adds blocks within a column and returns where they end.
  private mutating func add(
    _ blocks: [DOCXReading.Block], left: Double, right: Double, top: Double
  ) -> Double {
    var y = top
    for block in blocks {
      switch block {
      case .paragraph(let items, let style):
        y = paragraph(items, style: style, left: left, right: right, top: y)
      case .table(let rows, let widths):
        let total = widths.reduce(0, +)
        let columns = max(widths.count, rows.map { $0.reduce(0) { $0 + $1.span } }.max() ?? 1, 1)
        // Where each column starts.
        var edges = [left]
        for index in 0..<columns {
          let share =
            total > 0 && index < widths.count ? widths[index] / total : 1 / Double(columns)
          edges.append(edges[index] + share * (right - left))
        }
        for row in rows {
          var column = 0
          var bottom = y
          for cell in row {
            let first = min(column, columns - 1),
              end = min(columns, max(first + 1, column + cell.span))
            bottom = max(
              bottom,
              add(
                cell.blocks, left: edges[first] + 2, right: max(edges[first] + 8, edges[end] - 2),
                top: y))
            column += cell.span
          }
          y = bottom + 2
        }
      }
    }
    return y
  }

  private mutating func paragraph(
    _ items: [DOCXReading.Item], style: String, left: Double, right: Double, top: Double
  ) -> Double {
    var y = top + 6
    var x = left
    var rowHeight = 0.0
    func isLetter(_ text: String) -> Bool {
      let bare = text.filter { !$0.isWhitespace && !"()（）.．".contains($0) }
      return bare.count == 1 && bare.first!.isASCII && bare.first!.isLetter
    }
    func place(_ w: Double, _ h: Double) -> Box {
      let scale = w > right - left && w > 0 ? (right - left) / w : 1
      let (w, h) = (max(8, w * scale), max(8, h * scale))
      if x + w > right + 1, x > left {
        y += rowHeight + 4
        (x, rowHeight) = (left, 0)
      }
      let box = Box(left: x, top: y, right: x + w, bottom: y + h)
      x += w + 5
      rowHeight = max(rowHeight, h)
      return box
    }
    func endRow() {
      if rowHeight > 0 { y += rowHeight + 3 }
      (x, rowHeight) = (left, 0)
    }
    let hasPictures = items.contains { if case .picture = $0 { true } else { false } }
    for item in items {
      switch item {
      case .picture(let picture): pictures.append((picture, place(picture.width, picture.height)))
      case .drawing(let w, let h): drawings.append(place(w, h))
      case .text(let text) where text.allSatisfy(\.isWhitespace):
        if hasPictures, text.contains("\n") { endRow() }
      case .text(let text) where hasPictures && isLetter(text):
        if text.first == "\n" { endRow() }
        lines.append(
          TextLine(
            box: place(10, Self.leading), text: text.trimmed, size: Self.size, font: style,
            isParagraph: true))
        if text.last == "\n" { endRow() }
      case .text(let text):
        endRow()
        for piece in Self.pieces(text) {
          let letters = Double(piece.reduce(0) { $0 + ($1.isIdeograph ? 2 : 1) })
          let rows = max(1, (letters * 5 / max(20, right - left)).rounded(.up))
          let used = min(right - left, max(12, letters * 5))
          lines.append(
            TextLine(
              box: Box(
                left: left, top: y, right: rows > 1 ? right : left + used,
                bottom: y + rows * Self.leading),
              text: piece, size: Self.size, font: style, isParagraph: true))
          y += rows * Self.leading + 3
        }
      }
    }
    endRow()
    return y
  }

  /// Pieces of a paragraph that stand for themselves: line breaks before a label or a mark divide, others
  /// only separate words.
  private static func pieces(_ text: String) -> [String] {
    var result: [String] = []
    for line in text.split(whereSeparator: { $0 == "\n" }) {
      let line = PrintedText.clean(String(line))
      if line.isEmpty { continue }
      if let last = result.last, FigureLabel(Array(line.prefix(60))) == nil {
        let joins = last.last?.isIdeograph == true || line.first?.isIdeograph == true
        result[result.count - 1] = last + (joins ? "" : " ") + line
      } else {
        result.append(line)
      }
    }
    return result
  }
}
