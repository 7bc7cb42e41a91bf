extension TextLine {
  /// Joins pieces of one printed line that a change of font or height has torn apart.
  /// - Parameters:
  ///   - lines: the pieces.
  ///   - columns: where columns begin; nothing is joined across.
  package static func merged(_ lines: [TextLine], columns: [Double] = []) -> [TextLine] {
    var result = lines
    var changed = true
    while changed {
      changed = false
      let order = result.indices.sorted { result[$0].box.left < result[$1].box.left }
      search: for (place, i) in order.enumerated() {
        for j in order[(place + 1)...] {
          let (a, b) = (result[i], result[j])
          let gap = b.box.left - a.box.right
          let limit = 0.45 * max(a.size, b.size)
          if b.box.left - a.box.left > a.box.width + limit { continue }
          let startsColumn = columns.contains { abs($0 - b.box.left) < 1 && $0 > a.box.left + 1 }
          guard !startsColumn, gap < limit, gap > -0.3 * min(a.size, b.size),
            a.box.overlapY(b.box) > 0.6 * min(a.box.height, b.box.height),
            max(a.size, b.size) < 1.6 * min(a.size, b.size)
          else { continue }
          let joins =
            (a.text.last?.isIdeograph == true || b.text.first?.isIdeograph == true)
            && gap < 0.2 * max(a.size, b.size)
          var whole = a
          whole.box = a.box.union(b.box)
          whole.text += (joins ? "" : " ") + b.text
          whole.words += b.words
          if b.text.count > a.text.count {
            whole.size = b.size
            whole.font = b.font
          }
          result[min(i, j)] = whole
          result.remove(at: max(i, j))
          changed = true
          break search
        }
      }
    }
    return result
  }
}

extension TextLine {
  /// Joins pieces of one printed line that wide spaces have torn apart: the spaces of justified narrow
  /// columns, and those behind a label.
  ///
  /// Spaces between columns are told from them by what else stands on the line and next to it: the spaces
  /// of a justified line are alike, and lines of the same column run across.
  /// - Parameters:
  ///   - lines: the pieces.
  ///   - columns: where columns begin; nothing is joined across.
  package static func rejoined(_ lines: [TextLine], columns: [Double] = []) -> [TextLine] {
    var result: [TextLine] = []
    for row in rows(lines) {
      for piece in row {
        guard let last = result.last, row.first != piece,
          last.goesOn(with: piece, row: row, among: lines, columns: columns)
        else {
          result.append(piece)
          continue
        }
        var whole = last
        whole.box = last.box.union(piece.box)
        whole.text += " " + piece.text
        whole.words += piece.words
        result[result.count - 1] = whole
      }
    }
    return result
  }

  /// Pieces on one base line, from left to right.
  private static func rows(_ lines: [TextLine]) -> [[TextLine]] {
    var rows: [[TextLine]] = []
    for line in lines.sorted(by: { ($0.box.bottom, $0.box.left) < ($1.box.bottom, $1.box.left) }) {
      if let last = rows.last?.last, abs(last.box.bottom - line.box.bottom) < 0.2 * line.size,
        abs(last.size - line.size) < 0.2 * line.size
      {
        rows[rows.count - 1].append(line)
      } else {
        rows.append([line])
      }
    }
    return rows.map { row in row.sorted { $0.box.left < $1.box.left } }
  }

  /// The spaces between words.
  private var spaces: [Double] {
    zip(words, words.dropFirst()).map { $1.left - $0.right }.filter { $0 > 0.1 * size }
  }

  private func goesOn(
    with next: TextLine, row: [TextLine], among lines: [TextLine], columns: [Double]
  ) -> Bool {
    let gap = next.box.left - box.right
    guard gap > -0.3 * size else { return false }
    // Letters under panels stay apart.
    if text.count < 4, next.text.count < 4 { return false }
    let label = FigureLabel(Array(text.prefix(60)))
    if let other = FigureLabel(Array(next.text.prefix(60))) {
      // Behind Chinese text, the label of its translation.
      guard (other.style == .chinese) != PrintedText.isChinese(text), isCrossed(gap, next, lines)
      else { return false }
      return true
    }
    // A line of few spaces is justified by very wide ones.
    if gap >= 3 * size { return isCrossed(gap, next, lines) }
    if let label, label.length >= text.count { return true }
    if columns.contains(where: { abs($0 - next.box.left) < 1 && $0 > box.left + 1 }) {
      return false
    }
    let spaces =
      row.flatMap(\.spaces)
      + zip(row, row.dropFirst()).filter { $1 != next }.map { $1.box.left - $0.box.right }
    if !spaces.isEmpty { return spaces.contains { abs($0 - gap) < 0.25 * gap } }
    return isCrossed(gap, next, lines)
  }

  /// Whether another line of the column runs across the space in front of a piece.
  private func isCrossed(_ gap: Double, _ next: TextLine, _ lines: [TextLine]) -> Bool {
    lines.contains { line in
      let distance = abs(line.box.middleY - box.middleY)
      return distance > 0.5 * size && distance < 2 * size && abs(line.size - size) < 0.1 * size
        && abs(line.box.left - box.left) < 1.5 && line.box.right > next.box.right - 1.5
        && (line.spaces.max() ?? 0) < 0.6 * gap
    }
  }
}
