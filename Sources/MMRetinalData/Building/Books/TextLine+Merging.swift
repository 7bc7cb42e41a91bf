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
