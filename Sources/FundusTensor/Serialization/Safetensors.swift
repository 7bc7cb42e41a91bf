import Foundation

/// Writes safetensors files.
public enum Safetensors {
  /// A named tensor for a file.
  public struct Entry {
    enum Content {
      case float(Tensor)
      case integers([Int])
      case bytes([UInt8])
      case stored(StoredTensor)
    }

    let name: String
    let shape: [Int]
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
      precondition(integers.count == shape.reduce(1, *), "\(name): the integers fill \(shape)")
      self.name = name
      self.shape = shape
      content = .integers(integers)
    }

    /// Bytes, for state that has no better form.
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

    var elementType: ElementType {
      switch content {
      case .float: .float32
      case .integers: .int64
      case .bytes: .uint8
      case .stored(let tensor): tensor.elementType
      }
    }

    var byteCount: Int { shape.reduce(elementType.byteCount, *) }

    func write(to writer: inout AtomicFile.Writer) throws {
      switch content {
      case .float(let tensor): try writer.write(tensor)
      case .integers(let values): for value in values { try writer.write(Int64(value)) }
      case .bytes(let bytes): try writer.write(bytes)
      case .stored(let tensor): try writer.write(tensor)
      }
    }
  }

  /// Writes tensors in single precision.
  ///
  /// - Parameters:
  ///   - tensors: names, each once, and values.
  ///   - metadata: strings that travel with them.
  ///   - force: whether an existing file may be replaced. The new one appears whole or not at all.
  /// - Throws: ``CheckpointError`` (`exists`, `unwritable`).
  public static func write(
    _ tensors: [(String, Tensor)], metadata: [String: String] = [:], to url: URL,
    force: Bool = false
  ) throws {
    try write(tensors.map { Entry($0.0, $0.1) }, metadata: metadata, to: url, force: force)
  }

  /// Writes tensors of any supported type.
  /// - Throws: ``CheckpointError`` (`exists`, `unwritable`).
  public static func write(
    _ entries: [Entry], metadata: [String: String] = [:], to url: URL, force: Bool = false
  ) throws {
    precondition(
      Set(entries.map(\.name)).count == entries.count
        && !entries.contains { $0.name == "__metadata__" },
      "every tensor of a file has a name of its own")
    // Wide elements first, so that all are aligned to their width; otherwise the given order.
    let ordered = entries.enumerated().sorted {
      ($1.element.elementType.byteCount, $0.offset) < ($0.element.elementType.byteCount, $1.offset)
    }.map(\.element)
    var members: [JSONValue.Member] = []
    if !metadata.isEmpty {
      let strings = metadata.sorted { $0.key < $1.key }
      members.append(
        .init("__metadata__", .object(strings.map { .init($0.key, .string($0.value)) })))
    }
    var offset = 0
    for entry in ordered {
      let end = offset + entry.byteCount
      members.append(
        .init(
          entry.name,
          .object([
            .init("dtype", .string(entry.elementType.rawValue)),
            .init("shape", .array(entry.shape.map { .integer($0) })),
            .init("data_offsets", .array([.integer(offset), .integer(end)])),
          ])))
      offset = end
    }
    var header = Array(JSONValue.object(members).serialized().utf8)
    // The data begin on a cache line.
    header += [UInt8](repeating: 0x20, count: (64 - (header.count + 8) % 64) % 64)
    try AtomicFile.write(to: url, force: force) { writer in
      try writer.write(UInt64(header.count))
      try writer.write(header)
      for entry in ordered { try entry.write(to: &writer) }
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
