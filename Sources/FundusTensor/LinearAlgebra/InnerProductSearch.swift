import CFundusKernels
import Foundation

/// Exact search for the rows with the largest inner products with a query, among millions.
///
/// Each row is also kept as eight-bit codes, a quarter of its size, with the norm of the quantization error.
/// A search first bounds every inner product from both sides, with the codes alone (Cauchy-Schwarz), and then
/// computes only the products whose upper bound reaches the k-th largest lower bound in single precision. No
/// row of the result can be missed.
public struct InnerProductSearch: Sendable {
  /// A search result.
  public struct Match: Sendable, Equatable {
    /// The row, counted from 0.
    public let index: Int
    /// The inner product, in single precision.
    public let score: Float
  }

  /// The rows, `[N, D]`.
  public let rows: Tensor
  /// Eight-bit codes of the rows.
  public let codes: Codes

  /// Eight-bit codes of rows, as they can be kept in a file.
  public struct Codes: Sendable {
    /// `[N, D]`, one byte each, in two's complement.
    let bytes: Bytes
    /// The value of a code's unit, `[N]`.
    public let scales: Tensor
    /// An upper bound of the norm of the quantization error, `[N]`.
    public let residuals: Tensor
    /// N.
    public let count: Int
    /// D.
    public let width: Int
  }

  /// The storage of the codes.
  enum Bytes: Sendable {
    /// Four to an element.
    case memory(Tensor)
    /// In a file that is mapped.
    case file(StoredTensor)

    var pointer: UnsafePointer<Int8> {
      switch self {
      case .memory(let tensor):
        UnsafeRawPointer(tensor.pointer).assumingMemoryBound(to: Int8.self)
      case .file(let stored):
        (stored.file.base + stored.offset).assumingMemoryBound(to: Int8.self)
      }
    }
  }

  private static let grain = 2048

  /// Encodes the rows, `[N, D]`, at the speed of memory.
  /// - Throws: ``LinearAlgebraError/notFinite`` when a row contains NaN or infinity.
  public init(_ rows: Tensor) throws(LinearAlgebraError) {
    precondition(rows.rank == 2, "rows are [N, D], not \(rows.shape)")
    let (count, width) = (rows.shape[0], rows.shape[1])
    let bytes = Tensor(uninitialized: [(count * width + 3) / 4])
    let scales = Tensor(uninitialized: [count])
    let residuals = Tensor(uninitialized: [count])
    let target = UnsafeMutableRawPointer(bytes.mutablePointer).assumingMemoryBound(to: Int8.self)
    let isFinite = Tensor(repeating: 1, shape: [(count + Self.grain - 1) / Self.grain])
    let (source, flags) = (rows.pointer, isFinite.mutablePointer)
    let (scale, residual) = (scales.mutablePointer, residuals.mutablePointer)
    ThreadPool.forEachRangeUnchecked(count, grain: Self.grain) { range in
      let first = range.lowerBound
      let done = fk_encode_rows(
        source + first * width, range.count, width, target + first * width, scale + first,
        residual + first)
      if !done { flags[first / Self.grain] = 0 }
    }
    guard isFinite.scalars.allSatisfy({ $0 == 1 }) else { throw .notFinite }
    self.rows = rows.detached
    codes = Codes(
      bytes: .memory(bytes), scales: scales, residuals: residuals, count: count, width: width)
  }

  /// Rows `[N, D]` with codes made earlier.
  public init(_ rows: Tensor, codes: Codes) {
    precondition(
      rows.shape == [codes.count, codes.width],
      "codes of [\(codes.count), \(codes.width)] for rows of \(rows.shape)")
    self.rows = rows.detached
    self.codes = codes
  }

  /// The `count` rows with the largest inner products in descending order; ties in the order of the rows.
  public func search(_ query: [Float], count: Int) -> [Match] {
    let (total, width) = (rows.shape[0], rows.shape[1])
    precondition(query.count == width, "a query of \(query.count) numbers for rows of \(width)")
    precondition(query.allSatisfy(\.isFinite), "a query with numbers that are not finite")
    let count = min(count, total)
    guard count > 0 else { return [] }
    let coded = QueryCodes(query)
    let lower = Tensor(uninitialized: [total])
    let upper = Tensor(uninitialized: [total])
    let (low, high) = (lower.mutablePointer, upper.mutablePointer)
    let code = codes.bytes.pointer
    let (scales, residuals) = (codes.scales.pointer, codes.residuals.pointer)
    ThreadPool.forEachRangeUnchecked(total, grain: Self.grain) { range in
      let first = range.lowerBound
      fk_code_bounds(
        code + first * width, scales + first, residuals + first, range.count, width,
        coded.values, coded.scale, coded.norm, coded.residual, low + first, high + first)
    }
    let threshold = Self.largest(low, total, count)
    var candidates: [Int] = []
    for index in 0..<total where high[index] >= threshold { candidates.append(index) }
    let source = rows.pointer
    let scores = Tensor(uninitialized: [candidates.count])
    let score = scores.mutablePointer
    ThreadPool.forEachRangeUnchecked(candidates.count, grain: 256) { range in
      for position in range {
        score[position] = fk_inner_product(
          source + candidates[position] * width, query, width)
      }
    }
    let matches = candidates.indices.map { Match(index: candidates[$0], score: score[$0]) }
    return Array(
      matches.sorted { ($1.score, $0.index) < ($0.score, $1.index) }.prefix(count))
  }

  /// The `count`-th largest of the values.
  private static func largest(_ values: UnsafePointer<Float>, _ total: Int, _ count: Int) -> Float {
    // A heap with the smallest of the largest on top.
    var heap = Array(UnsafeBufferPointer(start: values, count: count)).sorted()
    for index in count..<total where values[index] > heap[0] {
      let value = values[index]
      var position = 0
      while true {
        var child = 2 * position + 1
        guard child < count else { break }
        if child + 1 < count && heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < value else { break }
        heap[position] = heap[child]
        position = child
      }
      heap[position] = value
    }
    return heap[0]
  }
}

/// A query in sixteen bits.
private struct QueryCodes {
  let values: [Int16]
  let scale: Float
  let norm: Float
  let residual: Float

  init(_ query: [Float]) {
    // Codes times 127 times the width must stay below 2³¹.
    let limit = Float(min(32767, (1 << 31 - 1) / (127 * max(1, query.count))))
    let largest = query.reduce(0) { max($0, abs($1)) }
    let scale = largest / limit
    values = query.map {
      largest > 0 ? Int16(max(-limit, min(limit, ($0 / largest * limit).rounded()))) : 0
    }
    var rest = 0.0
    var square = 0.0
    for (value, code) in zip(query, values) {
      let difference = Double(value) - Double(scale) * Double(code)
      rest += difference * difference
      square += Double(value) * Double(value)
    }
    self.scale = scale
    norm = Float(square.squareRoot()) * 1.000_001
    residual = Float(rest.squareRoot()) * 1.000_001
  }
}

extension InnerProductSearch.Codes {
  /// The codes as they are kept in a file: `codes` as bytes, `scales` and `residuals`.
  public func write(to url: URL, metadata: [String: String], force: Bool) throws {
    let length = count * width
    let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes.pointer), count: length)
    try Safetensors.write(
      [
        .init("scales", scales), .init("residuals", residuals),
        .init("codes", bytes: Array(bytes)),
      ], metadata: metadata, to: url, force: force)
  }

  /// Codes kept in a file, for rows `[count, width]`; nil when the file holds others.
  public init?(_ file: SafetensorsFile, count: Int, width: Int) throws {
    guard file.shape(of: "codes") == [count * width], file.shape(of: "scales") == [count],
      file.shape(of: "residuals") == [count], let stored = file.stored("codes"),
      stored.elementType == .uint8
    else { return nil }
    self.init(
      bytes: .file(stored), scales: try file.tensor(named: "scales"),
      residuals: try file.tensor(named: "residuals"), count: count, width: width)
  }
}
