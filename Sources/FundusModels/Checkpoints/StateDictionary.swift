import Foundation

/// The named tensors of a checkpoint of any supported format. Elements are read when a tensor is requested;
/// until then only names, shapes and types are in memory.
public struct StateDictionary: Sendable {
  /// The format of the file, detected from its content.
  public enum Format: String, Sendable {
    /// Hugging Face's safetensors.
    case safetensors
    /// PyTorch's zip archive, since version 1.6.
    case torchZip = "pytorch-zip"
    /// PyTorch's sequence of pickles, before version 1.6.
    case torchLegacy = "pytorch-legacy"
    /// An index that names the file of each tensor.
    case sharded
  }

  /// The file name, for messages.
  public let source: String
  /// The detected format.
  public let format: Format
  /// Plain values besides the tensors: safetensors metadata, or numbers and strings of a training checkpoint
  /// such as `epoch`.
  public let metadata: [String: String]
  /// The tensors in the order of the file.
  public let tensors: [StoredTensor]
  private let positions: [String: Int]

  /// Creates a dictionary of tensors; of those with the same name the last one counts, as in Python.
  public init(
    _ tensors: [StoredTensor], source: String, format: Format, metadata: [String: String] = [:]
  ) {
    var kept: [StoredTensor] = []
    var positions: [String: Int] = [:]
    for tensor in tensors {
      if let position = positions[tensor.name] {
        kept[position] = tensor
      } else {
        positions[tensor.name] = kept.count
        kept.append(tensor)
      }
    }
    self.source = source
    self.format = format
    self.metadata = metadata
    self.tensors = kept
    self.positions = positions
  }

  /// Opens a checkpoint: safetensors, a PyTorch file in zip or legacy format, or the `*.index.json` of a sharded
  /// checkpoint. The format is detected from the content, not the name.
  ///
  /// - Throws: `CheckpointError` when the file cannot be opened, is damaged, or contains anything that
  ///   checkpoints do not need.
  public init(contentsOf url: URL) throws {
    let file = try MappedFile(contentsOf: url)
    if file.matches("{", at: 0) {
      self = try Self.sharded(file, directory: url.deletingLastPathComponent())
    } else {
      try self.init(file)
    }
  }

  /// Reads a memory-mapped checkpoint.
  /// - Throws: `CheckpointError` as ``init(contentsOf:)`` does.
  public init(_ file: MappedFile) throws {
    if file.matches("PK\u{3}\u{4}", at: 0) {
      self = try TorchFile.readZip(file)
    } else if file.matches("{", at: 8), file.integer(at: 6, as: UInt16.self) == 0 {
      let content = try SafetensorsFile(file)
      self.init(
        content.tensors, source: file.name, format: .safetensors, metadata: content.metadata)
    } else if file.count > 0, file.byte(at: 0) == 0x80 {
      self = try TorchFile.readLegacy(file)
    } else {
      throw Self.unknown(file)
    }
  }

  private static func unknown(_ file: MappedFile) -> CheckpointError {
    let formats = "expected a checkpoint (safetensors, or PyTorch's .pth, .pt or .bin)"
    let found =
      if file.count == 0 {
        "the file is empty"
      } else if file.matches("version https://git-lfs", at: 0) {
        "the file is a Git LFS pointer; fetch the content with 'git lfs pull'"
      } else if file.matches("<", at: 0) {
        "the file looks like a web page"
      } else if file.matches("\u{1F}", at: 0) || file.matches("ustar", at: 257) {
        "the file is an archive; unpack it first"
      } else {
        "the first bytes are "
          + file.bytes(in: 0..<min(8, file.count)).map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16)
          }.joined(separator: " ")
      }
    return CheckpointError(.malformed, file: file.name, "\(formats), but \(found)")
  }

  /// The names in the order of the file.
  public var names: [String] { tensors.map(\.name) }

  /// The tensor with a name, or nil.
  public subscript(name: String) -> StoredTensor? { positions[name].map { tensors[$0] } }

  /// The tensors with new names, without those whose new name is nil.
  public func renaming(_ transform: (String) -> String?) -> StateDictionary {
    StateDictionary(
      tensors.compactMap { tensor in transform(tensor.name).map { tensor.renamed($0) } },
      source: source, format: format, metadata: metadata)
  }

  /// The tensors whose names begin with `prefix`, with the prefix removed.
  public func dropping(prefix: String) -> StateDictionary {
    renaming { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil }
  }
}

// MARK: - Sharded checkpoints

extension StateDictionary {
  /// Reads `{"weight_map": {name: file}}` and the files next to it.
  private static func sharded(_ file: MappedFile, directory: URL) throws -> StateDictionary {
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.malformed, file: file.name, "as an index of shards: \(text)")
    }
    guard file.count <= 100_000_000 else { throw failure("it has \(file.count) bytes") }
    let index: JSONValue
    do {
      index = try JSONValue(parsing: file.bytes(in: 0..<file.count))
    } catch {
      throw failure(error.description)
    }
    guard let map = index["weight_map"]?.members else {
      throw failure("it has no 'weight_map'")
    }
    var shards: [String: StateDictionary] = [:]
    var tensors: [StoredTensor] = []
    for member in map {
      // Only files next to the index: an untrusted index must not reference files outside of its directory.
      guard let name = member.value.text, !name.isEmpty, name != "..", name != ".",
        !name.contains("/"), !name.contains("\0"), !name.hasSuffix(".index.json")
      else {
        throw failure(
          "'\(member.name.quotable())' must be in a file next to the index, not in "
            + "'\((member.value.text ?? member.value.kind).quotable())'")
      }
      if shards[name] == nil {
        shards[name] = try StateDictionary(MappedFile(contentsOf: directory.appending(path: name)))
      }
      guard let tensor = shards[name]?[member.name] else {
        throw CheckpointError(
          .mismatch, file: file.name,
          "places '\(member.name.quotable())' in '\(name.quotable())', which does not contain it")
      }
      tensors.append(tensor)
    }
    var metadata: [String: String] = [:]
    for member in index["metadata"]?.members ?? [] {
      metadata[member.name] = member.value.text ?? member.value.serialized()
    }
    return StateDictionary(tensors, source: file.name, format: .sharded, metadata: metadata)
  }
}
