import KeepFIT

extension KeepFITConfiguration.Preset: ChoiceArgument {}

/// `keepfit init`
struct InitCommand: Subcommand {
  static let name = "init"
  static let summary = "Write a randomly initialized model directory."
  static let discussion = """
    Train the model with 'pretrain'. Its encoders can be initialized from published weights:

      keepfit init --preset base --vocab vocab.txt --vision-weights resnet50.pth \\
        --text-weights bio-clinical-bert/ --out model
    """

  let preset = Option<KeepFITConfiguration.Preset>(
    "preset", "NAME", default: .base, help: "Model size; 'base' is the published architecture.")
  let out = Option<FilePath>("out", "DIR", required: true, help: "Directory to write.")
  let seed = Option<UInt64>("seed", "N", default: 0, help: "Random seed.")
  let vocabulary = Option<FilePath>(
    "vocab", "FILE", help: "A vocab.txt; by default the built-in vocabulary.")
  let visionWeights = Option<FilePath>(
    "vision-weights", "FILE", help: "torchvision ResNet file to initialize the image encoder from.")
  let textWeights = Option<FilePath>(
    "text-weights", "FILE",
    help: "Hugging Face BERT file or directory to initialize the text encoder from.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    let words = try vocabulary.given.map { try Vocabulary(contentsOf: $0.url) }
    let model = try KeepFITModel(preset: preset.value, vocabulary: words, seed: seed.value)
    if let file = visionWeights.given { try model.loadVisionWeights(file.url) }
    if let file = textWeights.given { try model.loadTextWeights(file.url) }
    try model.save(to: out.value.url, force: overwrite.force.isOn)
    let count = model.parameters.reduce(0) { $0 + $1.parameter.value.count }
    Console.note(
      "Wrote a \(preset.value.rawValue) model with \(Pretty.count(count)) parameters to \(out.value.text)"
    )
    if visionWeights.given == nil && textWeights.given == nil {
      Console.note("Its weights are random: its predictions are meaningless until it is trained.")
    }
  }
}
