/// The number of images per class in a split: a percentage or a number.
///
/// Written as `80%` or `5`, as in the published commands.
public enum SampleCount: Sendable, Equatable, Hashable {
  /// A whole percentage of the class, rounded down, 0 to 100.
  case percent(Int)
  /// A number per class.
  case count(Int)

  /// The requested number out of `available` images; may be larger than that.
  public func samples(of available: Int) -> Int {
    switch self {
    // In double precision and truncated, as published: 70 % of 90 is 62.
    case .percent(let percent): Int(Double(percent) / 100 * Double(available))
    case .count(let count): count
    }
  }

  /// Whether this is always zero.
  public var isZero: Bool { self == .percent(0) || self == .count(0) }

  /// Parses `80%` or `5`.
  /// - Throws: ``TransferError/invalid(_:)`` for anything else.
  public init(_ text: String) throws(TransferError) {
    let isPercent = text.hasSuffix("%")
    let digits = isPercent ? text.dropLast() : text[...]
    guard let number = Int(digits), number >= 0, digits.allSatisfy(\.isNumber) else {
      throw .invalid("the number of images per class must be like 80% or 5, not '\(text)'")
    }
    if isPercent && number > 100 { throw .invalid("\(text) is too large: at most 100%") }
    self = isPercent ? .percent(number) : .count(number)
  }
}

extension SampleCount: CustomStringConvertible, Codable {
  /// The size of a training set: "80 % training split" or "5-shot".
  var trainingText: String {
    switch self {
    case .percent(let percent): "\(percent)\u{a0}% training split"
    case .count(let count): "\(count)-shot"
    }
  }

  /// `80%` or `5`.
  public var description: String {
    switch self {
    case .percent(let percent): "\(percent)%"
    case .count(let count): "\(count)"
    }
  }

  /// Decodes `"80%"`, `"5"` or `5`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      try self.init(String(number))
    } else {
      try self.init(try container.decode(String.self))
    }
  }

  /// Encodes `80%` or `5` as text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
