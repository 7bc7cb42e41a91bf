extension StoredTensor {
  /// The elements as single precision.
  ///
  /// A row-major, aligned `float32` tensor shares the file's memory: nothing is copied, and pages
  /// are read when they are first used. Everything else is converted: half precision and bfloat16
  /// exactly, double precision and large integers to the nearest.
  public func tensor() -> Tensor {
    if isShared {
      let storage = Storage(borrowing: file.base + offset, byteCount: count * 4, owner: file)
      return Tensor(shape: shape, storage: storage)
    }
    let result = Tensor(uninitialized: shape)
    let target = result.mutablePointer
    switch elementType {
    case .float32: convert(UInt32.self, to: target) { Float(bitPattern: $0) }
    case .float64: convert(UInt64.self, to: target) { Float(Double(bitPattern: $0)) }
    case .float16: convert(UInt16.self, to: target, Self.float(fromHalf:))
    case .bfloat16: convert(UInt16.self, to: target) { Float(bitPattern: UInt32($0) << 16) }
    case .int64: convert(Int64.self, to: target) { Float($0) }
    case .uint64: convert(UInt64.self, to: target) { Float($0) }
    case .int32: convert(Int32.self, to: target) { Float($0) }
    case .uint32: convert(UInt32.self, to: target) { Float($0) }
    case .int16: convert(Int16.self, to: target) { Float($0) }
    case .uint16: convert(UInt16.self, to: target) { Float($0) }
    case .int8: convert(Int8.self, to: target) { Float($0) }
    case .uint8: convert(UInt8.self, to: target) { Float($0) }
    case .bool: convert(UInt8.self, to: target) { $0 == 0 ? 0 : 1 }
    }
    return result
  }

  /// The elements of a tensor of integers or Booleans, in row-major order.
  /// - Throws: ``CheckpointError`` (`unsupported`) when the elements are real numbers or too large.
  public func integers() throws -> [Int] {
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.unsupported, file: file.name, "tensor '\(name.quotable())' \(text)")
    }
    guard !elementType.isFloatingPoint else {
      throw failure("has elements of type \(elementType.rawValue), expected integers")
    }
    var result = [Int](repeating: 0, count: count)
    var isTooLarge = false
    result.withUnsafeMutableBufferPointer { buffer in
      guard let target = buffer.baseAddress else { return }
      switch elementType {
      case .int64: convert(Int64.self, to: target) { Int($0) }
      case .uint64: convert(UInt64.self, to: target) { Int(truncatingIfNeeded: $0) }
      case .int32: convert(Int32.self, to: target) { Int($0) }
      case .uint32: convert(UInt32.self, to: target) { Int($0) }
      case .int16: convert(Int16.self, to: target) { Int($0) }
      case .uint16: convert(UInt16.self, to: target) { Int($0) }
      case .int8: convert(Int8.self, to: target) { Int($0) }
      case .uint8: convert(UInt8.self, to: target) { Int($0) }
      case .bool: convert(UInt8.self, to: target) { $0 == 0 ? 0 : 1 }
      case .float64, .float32, .float16, .bfloat16: break
      }
      isTooLarge = elementType == .uint64 && buffer.contains { $0 < 0 }
    }
    guard !isTooLarge else { throw failure("has integers above \(Int.max)") }
    return result
  }

  /// The bytes of the elements in row-major order, as they are in the file.
  /// - Throws: ``CheckpointError`` (`unsupported`) when they are strided or in the other byte order.
  public func bytes() throws -> [UInt8] {
    guard strides.isEmpty, !isBigEndian else {
      throw CheckpointError(
        .unsupported, file: file.name,
        "tensor '\(name.quotable())' is strided, so its bytes are not contiguous")
    }
    return file.bytes(in: offset..<offset + byteCount)
  }

  /// Converts every element, in row-major order. Large tensors are shared among the threads.
  private func convert<Stored: FixedWidthInteger & BitwiseCopyable, Target>(
    _ type: Stored.Type, to target: UnsafeMutablePointer<Target>,
    _ body: (Stored) -> Target
  ) {
    let source = file.base + offset
    let isBigEndian = isBigEndian
    let width = MemoryLayout<Stored>.size
    func element(_ index: Int) -> Target {
      let bits = source.loadUnaligned(fromByteOffset: index * width, as: type)
      return body(isBigEndian ? bits.byteSwapped : bits)
    }
    if strides.isEmpty {
      ThreadPool.forEachRangeUnchecked(count, grain: 1 << 16) { range in
        for index in range { (target + index).initialize(to: element(index)) }
      }
      return
    }
    guard count > 0 else { return }
    // Strided: walk over the rows of the last axis, the index of the others like an odometer.
    let columns = shape[shape.count - 1], columnStride = strides[shape.count - 1]
    let rows = count / columns
    ThreadPool.forEachRangeUnchecked(rows, grain: max(1, (1 << 14) / columns)) { range in
      for row in range {
        var rest = row, start = 0
        for axis in stride(from: shape.count - 2, through: 0, by: -1) {
          start += rest % shape[axis] * strides[axis]
          rest /= shape[axis]
        }
        for column in 0..<columns {
          (target + row * columns + column).initialize(
            to: element(start + column * columnStride))
        }
      }
    }
  }

  /// The value of an IEEE half. Shifting its bits into place leaves an exponent that is 112 too
  /// small, also for subnormal numbers; the product corrects that exactly.
  static func float(fromHalf bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF) << 13
    if bits & 0x7C00 == 0x7C00 { return Float(bitPattern: sign | 0x7F80_0000 | magnitude) }
    return Float(bitPattern: sign | (Float(bitPattern: magnitude) * 0x1p112).bitPattern)
  }
}
