/// A score: a number, a number per class, or a matrix over classes. Undefined numbers are nil, never NaN;
/// the reason is reported separately.
///
/// In JSON: a number, a list, a list of lists; undefined numbers are `null`.
public enum MetricValue: Sendable, Codable, Equatable {
  /// A number.
  case scalar(Double?)
  /// A number per class, `[K]`.
  case vector([Double?])
  /// A number per pair of classes, `[K, K]`.
  case matrix([[Double?]])

  /// The number, if this is a defined number.
  public var scalar: Double? {
    if case .scalar(let value) = self { return value }
    return nil
  }

  /// Whether every number is defined.
  public var isDefined: Bool { numbers.allSatisfy { $0 != nil } }

  /// The numbers in row-major order.
  package var numbers: [Double?] {
    switch self {
    case .scalar(let value): [value]
    case .vector(let values): values
    case .matrix(let rows): rows.flatMap { $0 }
    }
  }

  /// The shape: `[]`, `[K]` or `[K, K]`.
  package var shape: [Int] {
    switch self {
    case .scalar: []
    case .vector(let values): [values.count]
    case .matrix(let rows): [rows.count, rows.first?.count ?? 0]
    }
  }

  /// A value of this shape with other numbers.
  package func replacing(numbers: [Double?]) -> MetricValue {
    switch self {
    case .scalar: .scalar(numbers[0])
    case .vector: .vector(numbers)
    case .matrix(let rows):
      .matrix(
        rows.indices.map { row in
          Array(numbers[row * rows[row].count..<(row + 1) * rows[row].count])
        })
    }
  }

  /// Decodes a number, a list or a list of lists.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .scalar(nil)
    } else if let value = try? container.decode(Double.self) {
      self = .scalar(value)
    } else if let values = try? container.decode([Double?].self) {
      self = .vector(values)
    } else {
      self = .matrix(try container.decode([[Double?]].self))
    }
  }

  /// Encodes a number, a list or a list of lists.
  public func encode(to encoder: any Encoder) throws {
    func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    var container = encoder.singleValueContainer()
    switch self {
    case .scalar(let value): try container.encode(finite(value))
    case .vector(let values): try container.encode(values.map(finite))
    case .matrix(let rows): try container.encode(rows.map { $0.map(finite) })
    }
  }
}
