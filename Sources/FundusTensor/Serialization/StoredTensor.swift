/// A tensor in a file that is mapped into memory: its name, shape and type are known, its elements
/// are read when ``tensor()`` or ``integers()`` asks for them.
///
/// The place of every element has been checked against the file's size.
public struct StoredTensor: Sendable {
  /// The name in the file.
  public let name: String
  /// The size of each axis; empty for a scalar.
  public let shape: [Int]
  /// The type of the elements.
  public let elementType: ElementType
  /// The number of elements.
  public let count: Int
  let file: MappedFile
  let offset: Int
  let strides: [Int]
  let isBigEndian: Bool

  /// Most axes that a stored tensor may have.
  package static let maximumRank = 64

  /// Describes a tensor whose elements lie in the `storage` bytes of `file`.
  ///
  /// - Parameters:
  ///   - storage: the bytes that belong to the tensor, or to a block that several tensors share.
  ///   - offset: elements in the block before the tensor's first one.
  ///   - strides: elements from one index to the next, for each axis; nil when row-major.
  /// - Throws: ``CheckpointError`` (`malformed`) when any element would lie outside of the block or
  ///   the tensor would be larger than the file.
  package init(
    name: String, shape: [Int], elementType: ElementType, file: MappedFile, storage: Range<Int>,
    offset: Int = 0, strides: [Int]? = nil, isBigEndian: Bool = false
  ) throws {
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.malformed, file: file.name, "tensor '\(name.quotable())' \(text)")
    }
    let shapeText = "\(shape)".quotable(limit: 80)
    guard shape.count <= Self.maximumRank else {
      throw failure("has \(shape.count) dimensions, at most \(Self.maximumRank) are supported")
    }
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw failure("has the negative shape \(shapeText)")
    }
    guard let count = Self.count(of: shape) else {
      throw failure("of shape \(shapeText) has too many elements")
    }
    let width = elementType.byteCount
    guard file.holds(storage.count, at: storage.lowerBound) else {
      throw failure("is at bytes \(storage), outside of a file of \(file.count) bytes")
    }
    guard count <= file.count / width else {
      throw failure("of shape \(shapeText) would be larger than the file of \(file.count) bytes")
    }
    var rowMajor = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) where count > 0 {
      rowMajor[axis] = rowMajor[axis + 1] * shape[axis + 1]
    }
    let strides = strides ?? rowMajor
    guard strides.count == shape.count else {
      throw failure("has \(shape.count) dimensions and \(strides.count) strides")
    }
    guard offset >= 0 else { throw failure("begins at element \(offset) of its storage") }
    if count > 0 {
      var last = offset
      for (size, stride) in zip(shape, strides) where size > 1 {
        guard stride >= 0 else { throw failure("has the negative stride \(stride)") }
        let (span, overflow) = stride.multipliedReportingOverflow(by: size - 1)
        let (sum, overflowToo) = last.addingReportingOverflow(span)
        guard !overflow, !overflowToo else { throw failure("has the too large stride \(stride)") }
        last = sum
      }
      guard last < storage.count / width else {
        throw failure(
          "of shape \(shapeText) reaches element \(last) of a storage of \(storage.count / width)")
      }
    }
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.count = count
    self.file = file
    self.offset = storage.lowerBound + (count > 0 ? offset * width : 0)
    let isRowMajor = zip(zip(strides, rowMajor), shape).allSatisfy { $0.0 == $0.1 || $1 <= 1 }
    self.strides = isRowMajor ? [] : strides
    self.isBigEndian = isBigEndian && width > 1
  }

  private init(renaming other: StoredTensor, _ name: String) {
    self.name = name
    shape = other.shape
    elementType = other.elementType
    count = other.count
    file = other.file
    offset = other.offset
    strides = other.strides
    isBigEndian = other.isBigEndian
  }

  /// The same tensor under another name.
  public func renamed(_ name: String) -> StoredTensor { StoredTensor(renaming: self, name) }

  /// The product of the sizes, or nil when it does not fit an integer, whatever their order.
  static func count(of shape: [Int]) -> Int? {
    var product = 1
    for size in shape where size != 0 {
      let (value, overflow) = product.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      product = value
    }
    return shape.contains(0) ? 0 : product
  }

  /// The name of the file, for messages.
  public var fileName: String { file.name }
  /// Bytes that the elements take when they lie one after the other.
  public var byteCount: Int { count * elementType.byteCount }
  /// Whether ``tensor()`` shares the file's memory instead of copying.
  public var isShared: Bool {
    elementType == .float32 && strides.isEmpty && !isBigEndian && count > 0
      && UInt(bitPattern: file.base + offset) % 4 == 0
  }
}
