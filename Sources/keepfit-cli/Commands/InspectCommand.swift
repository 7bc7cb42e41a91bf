import Foundation
import FundusModels
import FundusTensor

/// `keepfit inspect`
struct InspectCommand: Subcommand {
  static let name = "inspect"
  static let summary = "Show the contents of a checkpoint without loading it."
  static let discussion = """
    Reads safetensors, PyTorch's zip and legacy formats (no code in them is executed) and the index of
    a sharded checkpoint. --json prints one object: format, metadata, and tensors with name, shape, type.
    """

  let file = Positionals("FILE", count: 1...1, help: "A checkpoint.")
  let json = Flag("json", help: "Print one JSON object.")
  let common = CommonOptions()

  func run() throws {
    let state = try StateDictionary(contentsOf: file.paths[0].url)
    let elements = state.tensors.reduce(0) { $0 + $1.count }
    let bytes = state.tensors.reduce(0) { $0 + $1.byteCount }
    let metadata = state.metadata.sorted { $0.key < $1.key }
    if json.isOn {
      let tensors = state.tensors.map { tensor in
        JSONValue.object([
          .init("name", .string(tensor.name)),
          .init("shape", .array(tensor.shape.map { .integer($0) })),
          .init("type", .string(tensor.elementType.rawValue)),
        ])
      }
      Console.print(
        JSONValue.object([
          .init("format", .string(state.format.rawValue)),
          .init("elements", .integer(elements)),
          .init("bytes", .integer(bytes)),
          .init("metadata", .object(metadata.map { .init($0.key, .string($0.value)) })),
          .init("tensors", .array(tensors)),
        ]).serialized())
      return
    }
    var table = TextTable(["name", "shape", "type"], [.left, .left, .left])
    for tensor in state.tensors {
      table.add([tensor.name.quotable(), "\(tensor.shape)", tensor.elementType.rawValue])
    }
    Console.write(table.text)
    for (key, value) in metadata {
      Console.print("metadata \(key.quotable()): \(value.quotable())")
    }
    Console.print(
      "\(state.format.rawValue): \(Pretty.count(state.tensors.count, "tensor")), "
        + "\(Pretty.count(elements, "element")), \(Pretty.bytes(bytes))")
  }
}
