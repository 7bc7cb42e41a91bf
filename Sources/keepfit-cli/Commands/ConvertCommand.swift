import Foundation
import FundusModels
import FundusTensor

/// `keepfit convert`
struct ConvertCommand: Subcommand {
  static let name = "convert"
  static let summary = "Convert a checkpoint between the PyTorch and safetensors formats."
  static let discussion = """
    The extension of OUT determines the format: .safetensors, or .pth, .pt or .bin for PyTorch's zip
    format. Tensor names, shapes, types and values are preserved bit for bit.

      keepfit convert keepfit.pth model.safetensors
    """

  let files = Positionals(
    "IN OUT", count: 2...2, help: "The checkpoint to read, and the file to write.")
  let force = Flag("force", letter: "f", help: "Overwrite OUT.")
  let common = CommonOptions()

  func validate() throws {
    let end = files.paths[1].url.pathExtension.lowercased()
    guard ["safetensors", "pth", "pt", "bin"].contains(end) else {
      throw CommandError.usage(
        "\(files.values[1]): the name must end with .safetensors, .pth, .pt or .bin, "
          + "which determines the format")
    }
    try files.paths[1].checkWritable(force: force.isOn)
  }

  func run() throws {
    let output = files.paths[1].url
    let state = try StateDictionary(contentsOf: files.paths[0].url)
    let entries = state.tensors.map { CheckpointEntry($0.name, $0) }
    if output.pathExtension.lowercased() == "safetensors" {
      try Safetensors.write(entries, metadata: state.metadata, to: output, force: force.isOn)
    } else {
      try TorchCheckpoint.write(entries, to: output, force: force.isOn)
    }
    Console.note("Wrote \(Pretty.count(entries.count, "tensor")) to \(files.values[1])")
  }
}
