import Foundation

/// Writes checkpoints in PyTorch's zip format, for `torch.load(…, weights_only=True)` of PyTorch
/// 1.6 and later.
public enum TorchCheckpoint {
  /// Writes a state dictionary (an `OrderedDict` of tensors).
  ///
  /// - `force`: whether an existing file may be replaced. The file is written atomically.
  /// - Throws: `CheckpointError`: `exists`, `unwritable`, or `unsupported` for unsigned integers of
  ///   more than 8 bits, which the format lacks.
  public static func write(
    _ entries: [CheckpointEntry], to url: URL, force: Bool = false
  ) throws {
    precondition(
      Set(entries.map(\.name)).count == entries.count, "every tensor has a unique name")
    var pickle = PickleWriter()
    for (index, entry) in entries.enumerated() {
      guard let storage = storageName(entry.elementType) else {
        throw CheckpointError(
          .unsupported, file: url.relativePath,
          "tensor '\(entry.name.quotable())' of type \(entry.elementType.rawValue) is not supported by "
            + "PyTorch's format")
      }
      pickle.tensor(entry.name, key: String(index), storage: storage, shape: entry.shape)
    }
    let root = "archive/"
    try AtomicFile.write(to: url, force: force) { writer in
      var archive = ZipWriter()
      try archive.add(root + "data.pkl", bytes: pickle.finish(), to: &writer)
      try archive.add(root + "byteorder", bytes: Array("little".utf8), to: &writer)
      for (index, entry) in entries.enumerated() {
        try archive.add(
          root + "data/\(index)", size: entry.byteCount, checksum: entry.checksum, to: &writer
        ) { try entry.write(to: &$0) }
      }
      try archive.add(root + "version", bytes: Array("3\n".utf8), to: &writer)
      try archive.finish(&writer)
    }
  }

  private static func storageName(_ type: ElementType) -> String? {
    switch type {
    case .float64: "DoubleStorage"
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    case .uint16, .uint32, .uint64: nil
    }
  }
}

/// The pickle (protocol 2) of an `OrderedDict` of tensors.
private struct PickleWriter {
  private var bytes: [UInt8] = [0x80, 2]
  private var globals: [String: Int] = [:]

  init() {
    global("collections", "OrderedDict")
    bytes += [0x29, 0x52, 0x28]  // EMPTY_TUPLE, REDUCE, MARK: the items follow.
  }

  private mutating func global(_ module: String, _ name: String) {
    let full = module + "\n" + name + "\n"
    if let place = globals[full] {
      bytes += [0x68, UInt8(place)]  // BINGET
    } else {
      globals[full] = globals.count
      bytes += [0x63] + Array(full.utf8) + [0x71, UInt8(globals.count - 1)]  // GLOBAL, BINPUT
    }
  }

  private mutating func text(_ text: String) {
    bytes.append(0x58)  // BINUNICODE
    bytes += withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) }
    bytes += Array(text.utf8)
  }

  private mutating func integer(_ value: Int) {
    if let small = Int32(exactly: value) {
      bytes.append(0x4A)  // BININT
      bytes += withUnsafeBytes(of: small.littleEndian) { Array($0) }
    } else {
      bytes += [0x8A, 8]  // LONG1
      bytes += withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }
    }
  }

  private mutating func tuple(_ values: [Int]) {
    bytes.append(0x28)
    for value in values { integer(value) }
    bytes.append(0x74)
  }

  mutating func tensor(_ name: String, key: String, storage: String, shape: [Int]) {
    text(name)
    global("torch._utils", "_rebuild_tensor_v2")
    bytes += [0x28, 0x28]
    text("storage")
    global("torch", storage)
    text(key)
    text("cpu")
    integer(shape.reduce(1, *))
    bytes += [0x74, 0x51]  // TUPLE, BINPERSID
    integer(0)
    tuple(shape)
    var strides = shape
    var step = 1
    for axis in shape.indices.reversed() {
      strides[axis] = step
      step *= max(1, shape[axis])
    }
    tuple(strides)
    bytes.append(0x89)  // No gradient is required.
    global("collections", "OrderedDict")
    bytes += [0x29, 0x52]  // No hooks.
    bytes += [0x74, 0x52]  // TUPLE, REDUCE
  }

  mutating func finish() -> [UInt8] {
    bytes += [0x75, 0x2E]  // SETITEMS, STOP
    return bytes
  }
}

/// A zip archive of uncompressed entries, each aligned to 64 bytes so that it can be memory-mapped.
private struct ZipWriter {
  private var directory: [UInt8] = []
  private var count = 0

  private static func field<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  mutating func add(
    _ name: String, bytes: [UInt8], to writer: inout AtomicFile.Writer
  ) throws {
    try add(
      name, size: bytes.count, checksum: CyclicRedundancy.checksum(bytes), to: &writer
    ) { try $0.write(bytes) }
  }

  mutating func add(
    _ name: String, size: Int, checksum: UInt32, to writer: inout AtomicFile.Writer,
    _ body: (inout AtomicFile.Writer) throws -> Void
  ) throws {
    let offset = writer.count
    // Sizes and offsets beyond 32 bits go to a zip64 field.
    let isLarge = size >= 0xFFFF_FFFF
    let isFar = offset >= 0xFFFF_FFFF
    let shortSize = isLarge ? UInt32.max : UInt32(size)
    var common: [UInt8] = Self.field(UInt16(0x0800))  // Names are UTF-8.
    common += Self.field(UInt16(0)) + Self.field(UInt16(0)) + Self.field(UInt16(0x0021))
    common += Self.field(checksum) + Self.field(shortSize) + Self.field(shortSize)
    common += Self.field(UInt16(name.utf8.count))
    var extra: [UInt8] = []
    if isLarge {
      extra += Self.field(UInt16(1)) + Self.field(UInt16(16))
      extra += Self.field(UInt64(size)) + Self.field(UInt64(size))
    }
    let start = offset + 30 + name.utf8.count + extra.count + 4
    let padding = (64 - start % 64) % 64
    extra += Array("FB".utf8) + Self.field(UInt16(padding))
    extra += [UInt8](repeating: 0x5A, count: padding)
    try writer.write(Array("PK\u{3}\u{4}".utf8) + Self.field(UInt16(45)) + common)
    try writer.write(Self.field(UInt16(extra.count)) + Array(name.utf8) + extra)
    try body(&writer)
    precondition(writer.count == start + padding + size, "\(name) has the announced size")

    var far: [UInt8] = []
    if isLarge { far += Self.field(UInt64(size)) + Self.field(UInt64(size)) }
    if isFar { far += Self.field(UInt64(offset)) }
    if !far.isEmpty { far = Self.field(UInt16(1)) + Self.field(UInt16(far.count)) + far }
    directory += Array("PK\u{1}\u{2}".utf8) + Self.field(UInt16(45)) + Self.field(UInt16(45))
    directory += common + Self.field(UInt16(far.count)) + Self.field(UInt16(0))
    directory += Self.field(UInt16(0)) + Self.field(UInt16(0)) + Self.field(UInt32(0))
    directory += Self.field(isFar ? UInt32.max : UInt32(offset)) + Array(name.utf8) + far
    count += 1
  }

  func finish(_ writer: inout AtomicFile.Writer) throws {
    let start = writer.count
    try writer.write(directory)
    let isFar = start >= 0xFFFF_FFFF || count >= 0xFFFF
    if isFar {
      let end = writer.count
      try writer.write(Array("PK\u{6}\u{6}".utf8) + Self.field(UInt64(44)))
      try writer.write(Self.field(UInt16(45)) + Self.field(UInt16(45)) + Self.field(UInt64(0)))
      try writer.write(Self.field(UInt64(count)) + Self.field(UInt64(count)))
      try writer.write(Self.field(UInt64(directory.count)) + Self.field(UInt64(start)))
      try writer.write(Array("PK\u{6}\u{7}".utf8) + Self.field(UInt32(0)))
      try writer.write(Self.field(UInt64(end)) + Self.field(UInt32(1)))
    }
    let shortCount = isFar ? UInt16.max : UInt16(count)
    try writer.write(Array("PK\u{5}\u{6}".utf8) + Self.field(UInt32(0)))
    try writer.write(Self.field(shortCount) + Self.field(shortCount))
    try writer.write(Self.field(isFar ? UInt32.max : UInt32(directory.count)))
    try writer.write(Self.field(isFar ? UInt32.max : UInt32(start)) + Self.field(UInt16(0)))
  }
}
