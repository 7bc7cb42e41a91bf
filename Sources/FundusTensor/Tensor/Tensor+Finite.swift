import CFundusKernels

extension Tensor {
  /// Whether no element is NaN or infinite. Reads the elements once, at the speed of memory.
  public var isFinite: Bool { firstNonFinite == nil }

  /// The position, in row-major order, of the first element that is NaN or infinite; nil when all
  /// are finite. Reads the elements once, at the speed of memory.
  public var firstNonFinite: Int? {
    let grain = 1 << 18
    let flags = Tensor(zeros: [(count + grain - 1) / grain])
    let (source, flag) = (pointer, flags.mutablePointer)
    ThreadPool.forEachRangeUnchecked(count, grain: grain) { range in
      if !fk_all_finite(source + range.lowerBound, range.count) {
        flag[range.lowerBound / grain] = 1
      }
    }
    guard let chunk = flags.scalars.firstIndex(of: 1) else { return nil }
    return (chunk * grain..<count).first { !source[$0].isFinite }
  }
}

extension StoredTensor {
  /// The position, in row-major order, of the first element that is NaN or infinite once it is read
  /// as single precision; nil when all are finite. Integers always are.
  public var firstNonFinite: Int? { elementType.isFloatingPoint ? tensor().firstNonFinite : nil }
}
