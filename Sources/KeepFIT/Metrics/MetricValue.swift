/// A measured number, a number for each class, or a matrix over classes.
///
/// In JSON: a number, a list, a list of lists; undefined numbers (NaN) are `null`.
public enum MetricValue: Sendable, Codable {
  /// One number.
  case scalar(Double)
  /// A number for each class, `[K]`.
  case vector([Double])
  /// A number for each pair of classes, `[K, K]`.
  case matrix([[Double]])

  /// The number, when it is one.
  public var scalar: Double? {
    if case .scalar(let value) = self { return value }
    return nil
  }

  /// The numbers in row-major order.
  package var numbers: [Double] {
    switch self {
    case .scalar(let value): [value]
    case .vector(let values): values
    case .matrix(let rows): rows.flatMap { $0 }
    }
  }

  /// The sizes: `[]`, `[K]` or `[K, K]`.
  package var shape: [Int] {
    switch self {
    case .scalar: []
    case .vector(let values): [values.count]
    case .matrix(let rows): [rows.count, rows.first?.count ?? 0]
    }
  }

  /// A value of this shape with other numbers.
  package func replacing(numbers: [Double]) -> MetricValue {
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

  /// Reads a number, a list or a list of lists.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .scalar(.nan)
    } else if let value = try? container.decode(Double.self) {
      self = .scalar(value)
    } else if let values = try? container.decode([Double?].self) {
      self = .vector(values.map { $0 ?? .nan })
    } else {
      self = .matrix(try container.decode([[Double?]].self).map { $0.map { $0 ?? .nan } })
    }
  }

  /// Writes a number, a list or a list of lists.
  public func encode(to encoder: any Encoder) throws {
    func defined(_ value: Double) -> Double? { value.isFinite ? value : nil }
    var container = encoder.singleValueContainer()
    switch self {
    case .scalar(let value): try container.encode(defined(value))
    case .vector(let values): try container.encode(values.map(defined))
    case .matrix(let rows): try container.encode(rows.map { $0.map(defined) })
    }
  }
}

extension MetricValue: Equatable {
  /// Equal shapes and numbers; undefined numbers equal each other.
  public static func == (first: MetricValue, second: MetricValue) -> Bool {
    first.shape == second.shape
      && zip(first.numbers, second.numbers).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}
