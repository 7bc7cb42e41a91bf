import CFundusKernels

/// An n-dimensional array of `Float`, row-major and contiguous, with value semantics.
///
/// Images are `[N, H, W, C]`, tokens `[N, T, D]`, weights of linear layers `[out, in]`, weights of
/// convolutions `[KH, KW, C_in, C_out]`. The letters mean: N images or texts of a batch, H rows and
/// W columns of pixels, C channels, T tokens, D features.
///
/// A tensor that results from differentiable operators on tensors that require a gradient records how it was
/// computed (see ``backward(gradient:)``).
public struct Tensor: Sendable {
  /// The size of each axis; empty for a scalar.
  public let shape: [Int]
  /// The number of elements.
  public let count: Int
  var storage: Storage
  let offset: Int
  var node: GradientNode?

  init(shape: [Int], storage: Storage, offset: Int = 0, node: GradientNode? = nil) {
    self.shape = shape
    self.count = Tensor.count(of: shape)
    self.storage = storage
    self.offset = offset
    self.node = node
    assert((offset + count) * MemoryLayout<Float>.stride <= storage.byteCount)
  }

  /// A tensor whose elements are whatever the memory held. Only for results that are written whole.
  init(uninitialized shape: [Int]) {
    self.init(
      shape: shape,
      storage: Storage(byteCount: Tensor.count(of: shape) * MemoryLayout<Float>.stride))
  }

  /// The number of axes.
  public var rank: Int { shape.count }

  static func count(of shape: [Int]) -> Int {
    var product = 1
    for size in shape {
      precondition(size >= 0, "a tensor cannot have the shape \(shape)")
      let (value, overflow) = product.multipliedReportingOverflow(by: size)
      precondition(
        !overflow && value <= Int.max / MemoryLayout<Float>.stride,
        "a tensor of the shape \(shape) has too many elements")
      product = value
    }
    return product
  }

  var pointer: UnsafePointer<Float> {
    UnsafePointer((storage.pointer + offset * 4).assumingMemoryBound(to: Float.self))
  }

  /// The memory for writing. Only for a tensor that is not shared.
  var mutablePointer: UnsafeMutablePointer<Float> {
    assert(storage.isWritable)
    return (storage.pointer + offset * 4).assumingMemoryBound(to: Float.self)
  }

  /// Whether the memory is not shared, so that it may be overwritten.
  mutating func isUnshared() -> Bool {
    // The thread sanitizer does not see the counting of references, which puts the last look of others
    // before what is written here.
    if fk_is_thread_sanitized() { return false }
    return isKnownUniquelyReferenced(&storage) && storage.isWritable
  }

  /// The memory for writing over elements, which move to a copy first if they are shared.
  mutating func unsharedPointer() -> UnsafeMutablePointer<Float> {
    if !isUnshared() { self = copy() }
    return mutablePointer
  }

  /// Where a result of this shape may be written: over this tensor, if it is not shared.
  mutating func spareMemory() -> Tensor {
    isUnshared() ? self : Tensor(uninitialized: shape)
  }
}

// MARK: - Making tensors

extension Tensor {
  /// A tensor with the given elements in row-major order.
  /// - Precondition: the number of elements fits the shape.
  // Arrays have a separate initializer: trying both costs the compiler seconds.
  @_disfavoredOverload
  public init(_ elements: some Collection<Float>, shape: [Int]) {
    self.init(uninitialized: shape)
    precondition(elements.count == count, "\(elements.count) elements do not fill \(shape)")
    let target = UnsafeMutableBufferPointer(start: mutablePointer, count: count)
    _ = target.initialize(from: elements)
  }

  /// A scalar.
  public init(_ value: Float) { self.init(repeating: value, shape: []) }

  /// A tensor whose elements are all `value`.
  public init(repeating value: Float, shape: [Int]) {
    self.init(uninitialized: shape)
    Kernels.fill(mutablePointer, with: value, count: count)
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }

  /// A tensor whose elements `initialize` writes. They are zero before.
  ///
  /// For external data (pixels, files), without exposing pointers.
  /// - `initialize`: receives the elements in row-major order.
  public init<Failure: Error>(
    shape: [Int],
    initializingWith initialize: (inout MutableSpan<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    self.init(zeros: shape)
    let buffer = UnsafeMutableBufferPointer(start: mutablePointer, count: count)
    var span = MutableSpan(_unsafeElements: buffer)
    try initialize(&span)
  }
}

// MARK: - Reading tensors

extension Tensor {
  /// All elements in row-major order.
  public var scalars: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// The only element of a tensor that has one.
  public var item: Float {
    precondition(count == 1, "a tensor of shape \(shape) is not a scalar")
    return pointer[0]
  }

  /// Lets `body` read the elements in row-major order without copying them.
  public func withSpan<Result, Failure: Error>(
    _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let buffer = UnsafeBufferPointer(start: pointer, count: count)
    return try body(Span(_unsafeElements: buffer))
  }

  /// The same elements, detached from the tape, so that no gradient flows back through them.
  public var detached: Tensor { Tensor(shape: shape, storage: storage, offset: offset) }

  /// A copy with its own memory, without gradients.
  public func copy() -> Tensor {
    let result = Tensor(uninitialized: shape)
    Kernels.copy(pointer, into: result.mutablePointer, count: count)
    return result
  }

  /// An axis counted from the end if negative.
  func normalizedAxis(_ axis: Int) -> Int {
    let result = axis < 0 ? axis + rank : axis
    precondition(result >= 0 && result < rank, "the shape \(shape) has no axis \(axis)")
    return result
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the first elements.
  public var description: String {
    let head = scalars.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "Tensor\(shape)[\(head)\(count > 8 ? ", …" : "")]"
  }
}
