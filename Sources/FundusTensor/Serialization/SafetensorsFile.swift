import Foundation

/// A safetensors file, mapped into memory.
///
/// Layout: the length of the header (8 bytes, little-endian), the header (JSON: name to `dtype`,
/// `shape` and `data_offsets`; `__metadata__` to strings), the elements. The entire header is checked when
/// the file is opened: ranges must be within the file, match shape and type, and cover the data without gaps
/// or overlaps.
public final class SafetensorsFile: Sendable {
  /// The metadata of the file.
  public let metadata: [String: String]
  /// The tensors in the order of their data.
  public let tensors: [StoredTensor]
  private let file: MappedFile
  private let positions: [String: Int]

  /// The names in the order of their data.
  public var names: [String] { tensors.map(\.name) }

  /// Largest header that is read, as in the reference implementation.
  static let maximumHeaderLength = 100_000_000

  /// Opens the file at `url`.
  /// - Throws: ``CheckpointError`` when it cannot be opened, is damaged or contains an unknown type.
  public convenience init(contentsOf url: URL) throws {
    try self.init(MappedFile(contentsOf: url))
  }

  /// Reads a file that is mapped already.
  /// - Throws: ``CheckpointError`` when it is damaged or contains an unknown type.
  public init(_ file: MappedFile) throws {
    self.file = file
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.malformed, file: file.name, "as safetensors: \(text)")
    }
    guard let length = file.integer(at: 0, as: UInt64.self) else {
      throw failure("expected a header length of 8 bytes, but the file has \(file.count)")
    }
    guard length <= UInt64(Self.maximumHeaderLength), file.holds(Int(length), at: 8) else {
      throw failure("its header length is \(length) bytes, but the file has \(file.count)")
    }
    let start = 8 + Int(length)
    let header: JSONValue
    do {
      header = try JSONValue(parsing: file.bytes(in: 8..<start))
    } catch {
      throw failure("the header is damaged: \(error.description)")
    }
    guard let members = header.members else {
      throw failure("the header must be an object, not \(header.kind)")
    }
    var metadata: [String: String] = [:]
    var found: [(range: Range<Int>, tensor: StoredTensor)] = []
    for member in members {
      if member.name == "__metadata__" {
        guard let strings = member.value.members else {
          throw failure("'__metadata__' must be an object, not \(member.value.kind)")
        }
        for string in strings {
          guard let text = string.value.text else {
            throw failure(
              "metadata '\(string.name.quotable())' must be a string, not \(string.value.kind)")
          }
          metadata[string.name] = text
        }
        continue
      }
      let name = member.name.quotable()
      guard let code = member.value["dtype"]?.text,
        let sizes = member.value["shape"]?.elements,
        let offsets = member.value["data_offsets"]?.elements
      else { throw failure("tensor '\(name)' lacks 'dtype', 'shape' or 'data_offsets'") }
      guard let type = ElementType(rawValue: code) else {
        throw CheckpointError(
          .unsupported, file: file.name,
          "tensor '\(name)' has the element type '\(code.quotable(limit: 20))', which is not supported"
        )
      }
      let shape = sizes.compactMap(\.integer)
      let bounds = offsets.compactMap(\.integer)
      guard shape.count == sizes.count, shape.allSatisfy({ $0 >= 0 }) else {
        throw failure("tensor '\(name)' has a shape that is not a list of whole numbers")
      }
      guard bounds.count == 2, offsets.count == 2, bounds[0] >= 0, bounds[1] >= bounds[0],
        bounds[1] <= file.count - start
      else {
        throw failure(
          "tensor '\(name)' has 'data_offsets' outside of the \(file.count - start) bytes of data")
      }
      guard let count = StoredTensor.count(of: shape),
        !count.multipliedReportingOverflow(by: type.byteCount).overflow,
        count * type.byteCount == bounds[1] - bounds[0]
      else {
        throw failure(
          "tensor '\(name)' of type \(code) and shape \("\(shape)".quotable(limit: 80)) does not match "
            + "the \(bounds[1] - bounds[0]) bytes of its 'data_offsets'")
      }
      let range = start + bounds[0]..<start + bounds[1]
      found.append(
        (
          range,
          try StoredTensor(
            name: member.name, shape: shape, elementType: type, file: file, storage: range)
        ))
    }
    found.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = start
    for (range, tensor) in found {
      guard range.lowerBound == end else {
        throw failure(
          "tensor '\(tensor.name.quotable())' begins at byte \(range.lowerBound - start) of the data, "
            + "but the previous tensor ends at \(end - start)")
      }
      end = range.upperBound
    }
    guard end == file.count else {
      throw failure("\(file.count - end) bytes at the end belong to no tensor")
    }
    self.metadata = metadata
    tensors = found.map(\.tensor)
    positions = Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  /// The tensor of that name, or nil.
  public func stored(_ name: String) -> StoredTensor? { positions[name].map { tensors[$0] } }

  /// The shape of a tensor, or nil when the file has none of that name.
  public func shape(of name: String) -> [Int]? { stored(name)?.shape }

  /// The elements of a tensor, shared with the file where they are single precision already.
  /// - Throws: ``CheckpointError`` (`mismatch`) when the file has none of that name.
  public func tensor(named name: String) throws -> Tensor { try required(name).tensor() }

  /// The integers of a tensor.
  /// - Throws: ``CheckpointError`` when the file has none of that name or it holds real numbers.
  public func integers(named name: String) throws -> [Int] { try required(name).integers() }

  /// The bytes of a tensor.
  /// - Throws: ``CheckpointError`` (`mismatch`) when the file has none of that name.
  public func bytes(named name: String) throws -> [UInt8] { try required(name).bytes() }

  private func required(_ name: String) throws -> StoredTensor {
    guard let tensor = stored(name) else {
      throw CheckpointError(
        .mismatch, file: file.name,
        "has no tensor '\(name.quotable())' among its \(tensors.count)")
    }
    return tensor
  }
}
