/// A tensor seen as rows along its last axis.
struct RowView {
  let count: Int
  let columns: Int

  init(_ shape: [Int]) {
    precondition(!shape.isEmpty, "a scalar has no rows")
    columns = shape[shape.count - 1]
    count = shape.dropLast().reduce(1, *)
  }

  /// Rows that one thread takes at a time.
  var grain: Int { max(1, (1 << 14) / max(1, columns)) }

  func forEach(_ body: (Range<Int>) -> Void) {
    ThreadPool.forEachRangeUnchecked(count, grain: grain, body)
  }
}
