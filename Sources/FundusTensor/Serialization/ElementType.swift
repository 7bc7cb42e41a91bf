/// The element type of a stored tensor.
public enum ElementType: String, Sendable, CaseIterable {
  /// IEEE 754 double precision.
  case float64 = "F64"
  /// IEEE 754 single precision: the type of ``Tensor``.
  case float32 = "F32"
  /// IEEE 754 half precision.
  case float16 = "F16"
  /// The upper half of a ``float32``.
  case bfloat16 = "BF16"
  /// Signed, 64 bits.
  case int64 = "I64"
  /// Unsigned, 64 bits.
  case uint64 = "U64"
  /// Signed, 32 bits.
  case int32 = "I32"
  /// Unsigned, 32 bits.
  case uint32 = "U32"
  /// Signed, 16 bits.
  case int16 = "I16"
  /// Unsigned, 16 bits.
  case uint16 = "U16"
  /// Signed, 8 bits.
  case int8 = "I8"
  /// Unsigned, 8 bits.
  case uint8 = "U8"
  /// A byte that is 0 or 1.
  case bool = "BOOL"

  /// Bytes for one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether the elements are real numbers, not integers or Booleans.
  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }
}
