import Foundation
import FundusSynthesis
import KeepFIT

extension SyntheticDataset.ImageFormat: ChoiceArgument {}

/// `keepfit data synthesize`
struct DataSynthesizeCommand: Subcommand {
  static let name = "data synthesize"
  static let summary = "Draw a dataset of eyes with labels, captions in two languages, and masks."
  static let discussion = """
    The same seed draws the same images. Below --out: labeled public sets, an expert set with
    captions, test images of classes that the labels name and of classes that they do not,
    manifests/ for 'pretrain' and 'transfer', and masks/.

      keepfit data synthesize --out eyes --size 256
      keepfit pretrain --model model --public eyes/manifests/public.csv --public-root eyes \\
        --expert eyes/manifests/expert.csv --expert-root eyes --out run
    """

  let out = Option<FilePath>("out", "DIR", required: true, help: "The directory to write.")
  let size = Option<Int>("size", "S", default: 128, in: 32...4096, help: "Side of the images.")
  let seed = Option<UInt64>("seed", "N", default: 42, help: "What is drawn follows from it.")
  let publicCount = Option<Int>(
    "public-count", "N", default: 720, in: 0...10_000_000, help: "Labeled images.")
  let expertCount = Option<Int>(
    "expert-count", "N", default: 360, in: 0...10_000_000, help: "Color photographs with captions."
  )
  let angiogramCount = Option<Int>(
    "angiogram-count", "N", default: 0, in: 0...10_000_000, help: "Angiograms with captions.")
  let tomogramCount = Option<Int>(
    "tomogram-count", "N", default: 0, in: 0...10_000_000, help: "B-scans with captions.")
  let testPerClass = Option<Int>(
    "test-per-class", "N", default: 20, in: 0...1_000_000, help: "Test images of each class.")
  let labelNoise = Option<Double>(
    "label-noise", "P", default: 0.06, in: 0...1, help: "The part of the labels that are wrong.")
  let format = Option<SyntheticDataset.ImageFormat>(
    "format", "NAME", default: .jpeg, help: "The form of the files.")
  let noMasks = Flag("no-masks", help: "Leave out the masks of the findings.")
  let json = Flag("json", help: "Print what was written as one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func run() throws {
    var configuration = SyntheticDataset.Configuration()
    configuration.size = size.value
    configuration.seed = seed.value
    configuration.publicCount = publicCount.value
    configuration.expertCount = expertCount.value
    configuration.angiogramCount = angiogramCount.value
    configuration.tomogramCount = tomogramCount.value
    configuration.testPerClass = testPerClass.value
    configuration.labelNoise = Float(labelNoise.value)
    configuration.format = format.value
    configuration.writesMasks = !noMasks.isOn
    let progress = SharedProgress("Rendering", unit: "images")
    let summary = try SyntheticDataset.write(
      to: out.value.url, configuration: configuration, force: overwrite.force.isOn,
      progress: progress.update)
    let count = summary.images.values.reduce(0, +)
    progress.finish("Drew \(Pretty.count(count)) images and \(Pretty.count(summary.masks)) masks")
    if json.isOn {
      Console.print(try JSONText.encode(summary))
    }
  }
}
