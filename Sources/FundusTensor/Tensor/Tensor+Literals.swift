/// An element of a tensor literal: a number, or a nested list.
public struct TensorLiteral: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral, Sendable
{
  let shape: [Int]
  let elements: [Float]

  /// A number.
  public init(floatLiteral value: Double) { (shape, elements) = ([], [Float(value)]) }

  /// A whole number.
  public init(integerLiteral value: Int) { (shape, elements) = ([], [Float(value)]) }

  /// Not a number.
  public static var nan: TensorLiteral { TensorLiteral(floatLiteral: .nan) }
  /// Positive infinity.
  public static var infinity: TensorLiteral { TensorLiteral(floatLiteral: .infinity) }

  /// Brackets around parts of one shape.
  public init(arrayLiteral parts: TensorLiteral...) {
    let inner = parts.first?.shape ?? []
    precondition(
      parts.allSatisfy { $0.shape == inner },
      "the rows of a literal have the shapes \(parts.map(\.shape))")
    shape = [parts.count] + inner
    elements = parts.flatMap(\.elements)
  }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// A tensor as it is written: `let x: Tensor = [[1, 2], [3, 4]]` has the shape `[2, 2]`.
  ///
  /// Traps where the rows differ in length.
  public init(arrayLiteral parts: TensorLiteral...) {
    let inner = parts.first?.shape ?? []
    precondition(
      parts.allSatisfy { $0.shape == inner },
      "the rows of a literal have the shapes \(parts.map(\.shape))")
    self.init(parts.flatMap(\.elements), shape: [parts.count] + inner)
  }

  /// A tensor with the given elements in row-major order.
  /// - Precondition: the number of elements fits the shape.
  public init(_ elements: [Float], shape: [Int]) {
    self.init(uninitialized: shape)
    precondition(elements.count == count, "\(elements.count) elements do not fill \(shape)")
    elements.withUnsafeBufferPointer {
      if let source = $0.baseAddress { mutablePointer.update(from: source, count: count) }
    }
  }

  /// A vector of the given elements.
  public init(_ elements: [Float]) { self.init(elements, shape: [elements.count]) }

  /// A matrix of rows of one length. Traps where they differ.
  public init(_ rows: [[Float]]) {
    let columns = rows.first?.count ?? 0
    precondition(
      rows.allSatisfy { $0.count == columns }, "rows of the lengths \(rows.map(\.count))")
    self.init(rows.flatMap { $0 }, shape: [rows.count, columns])
  }

  /// A tensor of ones.
  public init(ones shape: [Int]) { self.init(repeating: 1, shape: shape) }

  /// 0, 1, … as a vector.
  public init(_ range: Range<Int>) { self.init(range.map { Float($0) }, shape: [range.count]) }

  /// The unit matrix `[size, size]`.
  public init(identity size: Int) {
    self.init(zeros: [size, size])
    for index in 0..<size { mutablePointer[index * (size + 1)] = 1 }
  }

  /// Random elements, uniform in the range. The same stream gives the same bits on any number of
  /// threads.
  public init(uniform shape: [Int], in range: Range<Float> = 0..<1, from stream: RandomStream) {
    let half = (range.upperBound - range.lowerBound) / 2
    self = Initialization.random(stream).uniform(shape, bound: half)
      .scaled(by: 1, plus: range.lowerBound + half)
  }

  /// Random elements of a normal distribution. The same stream gives the same bits on any number of
  /// threads.
  public init(
    normal shape: [Int], mean: Float = 0, deviation: Float = 1, from stream: RandomStream
  ) {
    let values = Initialization.random(stream).normal(shape, deviation: deviation)
    self = mean == 0 ? values : values.scaled(by: 1, plus: mean)
  }
}
