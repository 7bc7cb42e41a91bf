import Foundation

/// Writes safetensors files.
public enum Safetensors {
  /// Writes tensors in single precision.
  ///
  /// - `tensors`: names, each once, and values.
  /// - `metadata`: strings that travel with them.
  /// - `force`: whether an existing file may be replaced. The file is written atomically.
  /// - Throws: ``CheckpointError`` (`exists`, `unwritable`).
  public static func write(
    _ tensors: [(String, Tensor)], metadata: [String: String] = [:], to url: URL,
    force: Bool = false
  ) throws {
    try write(
      tensors.map { CheckpointEntry($0.0, $0.1) }, metadata: metadata, to: url, force: force)
  }

  /// Writes tensors of any supported type.
  /// - Throws: ``CheckpointError`` (`exists`, `unwritable`).
  public static func write(
    _ entries: [CheckpointEntry], metadata: [String: String] = [:], to url: URL, force: Bool = false
  ) throws {
    precondition(
      Set(entries.map(\.name)).count == entries.count
        && !entries.contains { $0.name == "__metadata__" },
      "every tensor of a file needs a unique name")
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
