/// A named tensor for a file.
public struct CheckpointEntry {
  enum Content {
    case float(Tensor)
    case integers([Int])
    case bytes([UInt8])
    case stored(StoredTensor)
  }

  /// The name in the file.
  public let name: String
  /// The size of each axis.
  public let shape: [Int]
  let content: Content

  /// Single precision.
  public init(_ name: String, _ tensor: Tensor) {
    self.name = name
    shape = tensor.shape
    content = .float(tensor)
  }

  /// Integers of 64 bits in row-major order.
  /// - Precondition: they fill the shape.
  public init(_ name: String, integers: [Int], shape: [Int]) {
    precondition(
      integers.count == Tensor.count(of: shape), "\(name): \(integers.count) integers for \(shape)")
    self.name = name
    self.shape = shape
    content = .integers(integers)
  }

  /// Raw bytes, for state that has no more specific type.
  public init(_ name: String, bytes: [UInt8]) {
    self.name = name
    shape = [bytes.count]
    content = .bytes(bytes)
  }

  /// The elements of another file, with the type they have there where that is possible.
  public init(_ name: String, _ stored: StoredTensor) {
    self.name = name
    shape = stored.shape
    content =
      stored.strides.isEmpty && !stored.isBigEndian
      ? .stored(stored)
      : stored.elementType.isFloatingPoint
        ? .float(stored.tensor())
        : (try? stored.integers()).map { .integers($0) } ?? .float(stored.tensor())
  }

  /// The type of the elements in the file.
  public var elementType: ElementType {
    switch content {
    case .float: .float32
    case .integers: .int64
    case .bytes: .uint8
    case .stored(let tensor): tensor.elementType
    }
  }

  /// Bytes that the elements take.
  package var byteCount: Int { shape.reduce(elementType.byteCount, *) }

  /// Writes the elements.
  package func write(to writer: inout AtomicFile.Writer) throws {
    switch content {
    case .float(let tensor): try writer.write(tensor)
    case .integers(let values): for value in values { try writer.write(Int64(value)) }
    case .bytes(let bytes): try writer.write(bytes)
    case .stored(let tensor): try writer.write(tensor)
    }
  }

  /// The checksum of the elements that zip archives keep.
  package var checksum: UInt32 {
    switch content {
    case .float(let tensor):
      CyclicRedundancy.checksum(
        UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4))
    case .integers(let values): values.withUnsafeBytes { CyclicRedundancy.checksum($0) }
    case .bytes(let bytes): bytes.withUnsafeBytes { CyclicRedundancy.checksum($0) }
    case .stored(let tensor):
      CyclicRedundancy.checksum(
        UnsafeRawBufferPointer(start: tensor.file.base + tensor.offset, count: tensor.byteCount))
    }
  }
}

extension AtomicFile.Writer {
  /// Appends the elements of a stored tensor as they are.
  mutating func write(_ stored: StoredTensor) throws {
    precondition(stored.strides.isEmpty && !stored.isBigEndian)
    try write(
      UnsafeRawBufferPointer(start: stored.file.base + stored.offset, count: stored.byteCount))
  }
}
