import CFundusKernels

/// Element-wise kernels cut into pieces for the thread pool.
enum Kernels {
  /// Elements below which a second thread costs more than it gives.
  static let grain = 1 << 15

  typealias Binary = (
    UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
  ) -> Void
  typealias Unary = (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

  static func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>, count: Int
  ) {
    ThreadPool.forEachRangeUnchecked(count, grain: grain) { range in
      let start = range.lowerBound
      fk_add(a + start, 1, b + start, 1, out + start, range.count)
    }
  }

  /// The element-wise product of two runs, on the calling thread.
  static func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>, count: Int
  ) { fk_multiply(a, 1, b, 1, out, count) }

  /// Copies a run of elements.
  static func copy(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    ThreadPool.forEachRangeUnchecked(count, grain: grain) { range in
      (target + range.lowerBound).update(from: source + range.lowerBound, count: range.count)
    }
  }

  /// Writes one value to a run of elements.
  static func fill(_ target: UnsafeMutablePointer<Float>, with value: Float, count: Int) {
    ThreadPool.forEachRangeUnchecked(count, grain: grain) { range in
      (target + range.lowerBound).update(repeating: value, count: range.count)
    }
  }

  /// Calls `body` with every index of `count` pieces of `length` elements each, on as many threads as that is
  /// worth.
  static func forEachPiece(_ count: Int, of length: Int, _ body: (Int) -> Void) {
    ThreadPool.forEachRangeUnchecked(count, grain: grain / max(1, length)) { range in
      for index in range { body(index) }
    }
  }

  /// Writes a permutation of axes.
  /// - `strides`: the distance in `source` of a step along each axis of the result.
  static func permute(_ source: UnsafePointer<Float>, into result: Tensor, strides: [Int]) {
    guard result.count > 0 else { return }
    let (target, shape) = (result.mutablePointer, result.shape)
    let columns = shape.last ?? 1
    // Whole squares of the transposing kernel.
    let rows = max(16, grain / columns) / 16 * 16
    ThreadPool.forEachRangeUnchecked(result.count / columns, grain: rows) { range in
      fk_permute(
        source, target, Int32(shape.count), shape, strides, range.lowerBound, range.upperBound)
    }
  }

  /// A new tensor of the same shape from each element.
  static func map(_ x: Tensor, _ kernel: Unary) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    let source = x.pointer
    let target = result.mutablePointer
    ThreadPool.forEachRangeUnchecked(x.count, grain: grain) { range in
      kernel(source + range.lowerBound, target + range.lowerBound, range.count)
    }
    return result
  }

  /// A new tensor from pairs of elements, each side repeated along its axes of size 1.
  static func zip(_ a: Tensor, _ b: Tensor, _ kernel: Binary) -> Tensor {
    let plan = Broadcast(a.shape, b.shape)
    let result = Tensor(uninitialized: plan.shape)
    let (left, right, out) = (a.pointer, b.pointer, result.mutablePointer)
    if plan.runs == 1 {
      ThreadPool.forEachRangeUnchecked(plan.runLength, grain: grain) { range in
        let start = range.lowerBound
        kernel(
          left + start * plan.leftStep, plan.leftStep, right + start * plan.rightStep,
          plan.rightStep, out + start, range.count)
      }
      return result
    }
    ThreadPool.forEachRangeUnchecked(plan.runs, grain: max(1, grain / max(1, plan.runLength))) {
      range in
      for run in range {
        let start = plan.start(ofRun: run)
        kernel(
          left + start.left, plan.leftStep, right + start.right, plan.rightStep,
          out + run * plan.runLength, plan.runLength)
      }
    }
    return result
  }
}

/// How two shapes fit together when axes of size 1 repeat (NumPy's rule): runs along the last axes
/// in which each side either advances by one or stands still.
struct Broadcast {
  let shape: [Int]
  /// Elements of a run, and how far each side advances between them: 0 or 1.
  private(set) var runLength = 1
  private(set) var leftStep = 0
  private(set) var rightStep = 0
  private(set) var runs = 1
  private var outer: [(size: Int, left: Int, right: Int)] = []

  init(_ left: [Int], _ right: [Int]) {
    let rank = max(left.count, right.count)
    let paddedLeft = Array(repeating: 1, count: rank - left.count) + left
    let paddedRight = Array(repeating: 1, count: rank - right.count) + right
    shape = zip(paddedLeft, paddedRight).map { a, b in
      precondition(a == b || a == 1 || b == 1, "\(left) and \(right) do not fit together")
      return a == 1 ? b : a
    }
    // Neighboring axes that both sides walk in the same way become one.
    var merged: [(size: Int, left: Bool, right: Bool)] = []
    for axis in 0..<rank where shape[axis] != 1 {
      let moves = (left: paddedLeft[axis] != 1, right: paddedRight[axis] != 1)
      if let last = merged.last, last.left == moves.left, last.right == moves.right {
        merged[merged.count - 1].size *= shape[axis]
      } else {
        merged.append((shape[axis], moves.left, moves.right))
      }
    }
    if let last = merged.popLast() {
      runLength = last.size
      leftStep = last.left ? 1 : 0
      rightStep = last.right ? 1 : 0
    }
    var leftStride = leftStep == 1 ? runLength : 1
    var rightStride = rightStep == 1 ? runLength : 1
    for group in merged.reversed() {
      outer.append(
        (group.size, group.left ? leftStride : 0, group.right ? rightStride : 0))
      if group.left { leftStride *= group.size }
      if group.right { rightStride *= group.size }
      runs *= group.size
    }
  }

  /// Where a run begins on each side.
  func start(ofRun run: Int) -> (left: Int, right: Int) {
    var rest = run
    var (left, right) = (0, 0)
    for group in outer {
      let position = rest % group.size
      rest /= group.size
      left += position * group.left
      right += position * group.right
    }
    return (left, right)
  }
}
