import CFundusKernels

/// An index of an axis in a slice: an integer, which selects one entry and drops the axis, or a range of any
/// kind.
public protocol TensorIndex: Sendable {
  /// The entries of an axis of that size.
  func entries(of size: Int) -> AxisEntries
}

/// Entries `start`, `start + step`, … of an axis.
public struct AxisEntries: Sendable {
  var start: Int, count: Int, step: Int
  var dropsAxis = false

  /// Every `step`-th entry of a range.
  public init(_ range: Range<Int>, step: Int = 1) {
    precondition(step > 0, "a step of \(step)")
    start = range.lowerBound
    count = (range.count + step - 1) / step
    self.step = step
  }
}

extension Int: TensorIndex {
  /// One entry, counted from the end if negative; the axis is dropped.
  public func entries(of size: Int) -> AxisEntries {
    let index = self < 0 ? self + size : self
    precondition(index >= 0 && index < size, "there is no entry \(self) in an axis of \(size)")
    var entries = AxisEntries(index..<index + 1)
    entries.dropsAxis = true
    return entries
  }
}

extension TensorIndex where Self: RangeExpression, Bound == Int {
  /// The entries of the range, which must lie within the axis.
  public func entries(of size: Int) -> AxisEntries {
    let range = relative(to: 0..<size)
    precondition(
      range.lowerBound >= 0 && range.upperBound <= size,
      "\(range) is outside of an axis of \(size)")
    return AxisEntries(range)
  }
}

extension Range<Int>: TensorIndex {}
extension ClosedRange<Int>: TensorIndex {}
extension PartialRangeFrom<Int>: TensorIndex {}
extension PartialRangeUpTo<Int>: TensorIndex {}
extension PartialRangeThrough<Int>: TensorIndex {}

extension StrideTo<Int>: TensorIndex {
  /// Every n-th entry: `stride(from: 0, to: 10, by: 2)`, with a positive step.
  public func entries(of size: Int) -> AxisEntries {
    let values = Array(self)
    guard let first = values.first, let last = values.last else { return AxisEntries(0..<0) }
    precondition(
      first >= 0 && last >= first && last < size, "\(values) is outside of an axis of \(size)")
    return AxisEntries(
      first..<last + 1, step: values.count > 1 ? values[1] - first : 1)
  }
}

extension Tensor {
  /// The element at a position, one index for each axis; an index counts from the end when negative.
  ///
  /// Assigning changes this tensor alone (it is a value), in place if its memory is not shared.
  /// Traps for a tensor that requires a gradient, whose gradient would no longer be that of its elements; use
  /// ``where(_:_:_:)`` there.
  public subscript(position: Int...) -> Float {
    get { pointer[place(position)] }
    set {
      let place = place(position)
      makeWritable()
      mutablePointer[place] = newValue
    }
  }

  /// A part: an index or a range for each of the first axes, as in `x[0..<2, 1...]`. The axes that
  /// follow are whole. A whole number drops its axis; negative ones count from the end.
  ///
  /// Assigning replaces that part by a tensor of its shape, or one that broadcasts to it, and traps for
  /// a tensor that requires a gradient.
  @_disfavoredOverload  // So that whole numbers alone are the element.
  public subscript(_ first: any TensorIndex, _ rest: any TensorIndex...) -> Tensor {
    get { part([first] + rest, leading: true) }
    set { replacePart([first] + rest, leading: true, by: newValue) }
  }

  /// A part by the last axes, as in `x[..., 0]`; the axes before are whole.
  public subscript(_: UnboundedRange, _ rest: any TensorIndex...) -> Tensor {
    get { part(rest, leading: false) }
    set { replacePart(rest, leading: false, by: newValue) }
  }

  private func place(_ position: [Int]) -> Int {
    precondition(position.count == rank, "\(position.count) indices for the shape \(shape)")
    return zip(position, shape).reduce(0) { place, entry in
      let (index, size) = entry
      precondition(index >= -size && index < size, "\(position) is outside of \(shape)")
      return place * size + (index < 0 ? index + size : index)
    }
  }

  private mutating func makeWritable() {
    precondition(
      node == nil, "elements of a tensor that requires a gradient cannot be assigned; detach it")
    if !isUnshared() { self = copy() }
  }

  /// The entries of each axis.
  private func entries(_ indices: [any TensorIndex], leading: Bool) -> [AxisEntries] {
    precondition(
      indices.count <= rank, "\(indices.count) indices for the shape \(shape)")
    let whole = shape.map { AxisEntries(0..<$0) }
    let given = leading ? 0 : rank - indices.count
    return whole.indices.map { axis in
      indices.indices.contains(axis - given)
        ? indices[axis - given].entries(of: shape[axis]) : whole[axis]
    }
  }

  private func part(_ indices: [any TensorIndex], leading: Bool) -> Tensor {
    let entries = entries(indices, leading: leading)
    let places = Places(entries, of: shape)
    let result = Tensor(uninitialized: entries.map(\.count))
    places.forEachRun { from, to, length in
      (result.mutablePointer + to).update(from: pointer + from, count: length)
    }
    let original = shape
    let part = result.recording(self) { gradient in
      let whole = Tensor(zeros: original)
      places.forEachRun { from, to, length in
        (whole.mutablePointer + from).update(from: gradient.pointer + to, count: length)
      }
      return [whole]
    }
    return part.reshaped(entries.filter { !$0.dropsAxis }.map(\.count))
  }

  private mutating func replacePart(
    _ indices: [any TensorIndex], leading: Bool, by newValue: Tensor
  ) {
    precondition(
      newValue.node == nil,
      "a tensor that requires a gradient cannot be assigned to a slice; concatenate")
    let entries = entries(indices, leading: leading)
    let target = entries.filter { !$0.dropsAxis }.map(\.count)
    let source = newValue.broadcast(to: target)
    makeWritable()
    let pointer = mutablePointer
    Places(entries, of: shape).forEachRun { to, from, length in
      (pointer + to).update(from: source.pointer + from, count: length)
    }
  }
}

/// The runs of neighboring elements that make up a part of a tensor.
private struct Places: Sendable {
  let entries: [AxisEntries]
  let shape: [Int]

  init(_ entries: [AxisEntries], of shape: [Int]) {
    self.entries = entries
    self.shape = shape
  }

  /// Gives the place in the whole, the place in the part, and the length of each run.
  func forEachRun(_ body: (Int, Int, Int) -> Void) {
    guard entries.allSatisfy({ $0.count > 0 }) else { return }
    // The last axes that are taken whole, and the one before them if it is taken in a row, are a run.
    var first = shape.count
    var inner = 1
    while first > 0, entries[first - 1].count == shape[first - 1] {
      first -= 1
      inner *= shape[first]
    }
    var run = inner
    var start = 0
    let hasRow = first > 0 && entries[first - 1].step == 1
    if hasRow {
      first -= 1
      run *= entries[first].count
      start = entries[first].start * inner
      inner *= shape[first]
    }
    var strides = [Int](repeating: inner, count: first)
    for axis in stride(from: first - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let count = entries[..<first].reduce(1) { $0 * $1.count }
    for index in 0..<count {
      var rest = index
      var place = start
      for axis in stride(from: first - 1, through: 0, by: -1) {
        let entry = entries[axis]
        place += (entry.start + rest % entry.count * entry.step) * strides[axis]
        rest /= entry.count
      }
      body(place, index * run, run)
    }
  }
}
