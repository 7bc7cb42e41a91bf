import KeepFIT

/// `keepfit init`
struct InitCommand: Subcommand {
  static let name = "init"
  static let summary = "Write a randomly initialized model directory."
  static let discussion = """
    Random weights know nothing: train them with 'pretrain', or start from published encoders:

      keepfit init --preset base --vocab vocab.txt --vision-weights resnet50.pth \\
        --text-weights bio-clinical-bert/ --out model
    """

  enum Preset: String, ChoiceArgument {
    case base, small, tiny
  }

  let preset = Option<Preset>(
    "preset", "NAME", default: .base, help: "The sizes; base are the published ones.")
  let out = Option<FilePath>("out", "DIR", required: true, help: "The directory to write.")
  let seed = Option<UInt64>("seed", "N", default: 0, help: "What the weights follow from.")
  let vocabulary = Option<FilePath>(
    "vocab", "FILE", help: "A vocab.txt; by default the package's own.")
  let visionWeights = Option<FilePath>(
    "vision-weights", "FILE", help: "A torchvision ResNet file to take the image encoder from.")
  let textWeights = Option<FilePath>(
    "text-weights", "FILE",
    help: "A Hugging Face BERT file or directory to take the text encoder from.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    guard let preset = KeepFITConfiguration.Preset(rawValue: preset.value.rawValue) else {
      throw CommandError.usage("--preset \(preset.value.rawValue) is not known")
    }
    let words = try vocabulary.given.map { try Vocabulary(contentsOf: $0.url) }
    let model = try KeepFITModel(preset: preset, vocabulary: words, seed: seed.value)
    if let file = visionWeights.given { try model.loadVisionWeights(file.url) }
    if let file = textWeights.given { try model.loadTextWeights(file.url) }
    try model.save(to: out.value.url, force: overwrite.force.isOn)
    let count = model.parameters.reduce(0) { $0 + $1.parameter.value.count }
    Console.note(
      "Wrote a \(preset.rawValue) model of \(Pretty.count(count)) parameters to \(out.value.text)")
    if visionWeights.given == nil && textWeights.given == nil {
      Console.note("Its weights are random: what it says of images means nothing yet.")
    }
  }
}
