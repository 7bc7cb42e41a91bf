import CFundusKernels

extension Tensor {
  /// The rows of a table at the given indices.
  ///
  /// - Parameters:
  ///   - table: `[V, D]`.
  ///   - ids: indices below V, in row-major order of `shape`.
  ///   - shape: the shape of the ids; that of the result is `shape + [D]`.
  ///   - padding: the id whose row receives no gradient, as PyTorch's `padding_idx`.
  /// - Precondition: the ids fill the shape and are all below V.
  public static func embedding(
    _ table: Tensor, ids: [Int32], shape: [Int], padding: Int32? = nil
  ) -> Tensor {
    precondition(table.rank == 2, "an embedding table of shape \(table.shape)")
    precondition(ids.count == count(of: shape), "\(ids.count) ids do not fill \(shape)")
    let (rows, columns) = (table.shape[0], table.shape[1])
    for id in ids {
      precondition(id >= 0 && id < rows, "id \(id) in a table of \(rows) rows")
    }
    let result = Tensor(uninitialized: shape + [columns])
    ThreadPool.forEachRangeUnchecked(ids.count, grain: max(1, (1 << 14) / max(1, columns))) {
      for position in $0 {
        (result.mutablePointer + position * columns).update(
          from: table.pointer + Int(ids[position]) * columns, count: columns)
      }
    }
    return result.recording(table) { gradient in
      [scatteredRows(gradient, ids: ids, rows: rows, columns: columns, padding: padding)]
    }
  }

  /// A table of zeros to which each row of `gradient` is added at its id. Threads own strips of
  /// columns and take the ids in order, so the sums do not depend on their number.
  private static func scatteredRows(
    _ gradient: Tensor, ids: [Int32], rows: Int, columns: Int, padding: Int32?
  ) -> Tensor {
    let result = Tensor(uninitialized: [rows, columns])
    ThreadPool.forEachRangeUnchecked(result.count, grain: 1 << 18) {
      (result.mutablePointer + $0.lowerBound).update(repeating: 0, count: $0.count)
    }
    ThreadPool.forEachRangeUnchecked(columns, grain: 128) { strip in
      for (position, id) in ids.enumerated() where id != padding {
        fk_accumulate(
          gradient.pointer + position * columns + strip.lowerBound, 1,
          result.mutablePointer + Int(id) * columns + strip.lowerBound, strip.count)
      }
    }
    return result
  }
}
