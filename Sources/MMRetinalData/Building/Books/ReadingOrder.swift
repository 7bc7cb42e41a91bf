/// The order in which panels are lettered: in rows from the top left; a panel as high as two beside it
/// comes first.
package enum ReadingOrder {
  /// The indices of the boxes in order, and whether another order is as likely.
  package static func sorted(_ boxes: [Box]) -> (order: [Int], isAmbiguous: Bool) {
    var ambiguous = false
    let order = sort(Array(boxes.indices), boxes, &ambiguous)
    return (order, ambiguous)
  }

  private static func sort(_ members: [Int], _ boxes: [Box], _ ambiguous: inout Bool) -> [Int] {
    if members.count < 2 { return members }
    let rows = groups(members) { (boxes[$0].top, boxes[$0].bottom) }
    if rows.count > 1 { return rows.flatMap { sort($0, boxes, &ambiguous) } }
    let columns = groups(members) { (boxes[$0].left, boxes[$0].right) }
    if columns.count > 1 {
      // A high panel on the right of stacked ones, or two stacks that do not line up.
      let stacked = columns.indices.filter { columns[$0].count > 1 }
      if let first = stacked.first, first < columns.count - 1 || stacked.count > 1 {
        ambiguous = true
      }
      return columns.flatMap { sort($0, boxes, &ambiguous) }
    }
    ambiguous = true
    return members.sorted { (boxes[$0].top, boxes[$0].left) < (boxes[$1].top, boxes[$1].left) }
  }

  /// Groups whose extents do not overlap, in order. Overlaps of a tenth do not count.
  private static func groups(
    _ members: [Int], extent: (Int) -> (Double, Double)
  ) -> [[Int]] {
    let ordered = members.map { index -> (Int, Double, Double) in
      let (low, high) = extent(index)
      let margin = (high - low) * 0.08
      return (index, low + margin, high - margin)
    }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    var result: [[Int]] = []
    var end = -Double.infinity
    for (index, low, high) in ordered {
      if low >= end { result.append([index]) } else { result[result.count - 1].append(index) }
      end = max(end, high)
    }
    return result
  }
}
