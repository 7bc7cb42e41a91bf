/// A batch of texts as rows of token ids, padded on the right to the longest.
public struct TokenBatch: Sendable, Equatable {
  /// The ids of all texts, row-major `[count, length]`.
  public let ids: [Int32]
  /// The number of tokens of each row, without padding.
  public let lengths: [Int]
  /// The padded length of the rows.
  public let length: Int

  /// The number of texts.
  public var count: Int { lengths.count }

  /// Pads rows of ids to the longest one.
  /// - `padding`: the id of the padding token.
  public init(rows: [[Int32]], padding: Int32 = 0) {
    let length = rows.reduce(0) { max($0, $1.count) }
    self.length = length
    lengths = rows.map(\.count)
    var ids: [Int32] = []
    ids.reserveCapacity(rows.count * length)
    for row in rows {
      ids += row
      ids += repeatElement(padding, count: length - row.count)
    }
    self.ids = ids
  }

  /// Creates a batch from padded rows.
  init(ids: [Int32], lengths: [Int], length: Int) {
    precondition(ids.count == lengths.count * length, "the ids do not fill the rows")
    self.ids = ids
    self.lengths = lengths
    self.length = length
  }

  /// The batch with its rows padded further, as if it contained a longer text.
  /// - `length`: at least ``length``.
  public func padded(to length: Int, padding: Int32 = 0) -> TokenBatch {
    precondition(length >= self.length, "rows of \(self.length) tokens cannot shrink to \(length)")
    guard length > self.length else { return self }
    let rows = (0..<count).flatMap { row in
      Array(self[row]) + Array(repeating: padding, count: length - self.length)
    }
    return TokenBatch(ids: rows, lengths: lengths, length: length)
  }

  /// 1 for a token, 0 for padding, row-major `[count, length]`.
  public var attentionMask: [Int32] {
    lengths.flatMap { valid in (0..<length).map { $0 < valid ? 1 : 0 } }
  }

  /// The ids of one text, including padding.
  public subscript(row: Int) -> ArraySlice<Int32> { ids[row * length..<(row + 1) * length] }
}
