import Foundation
import FundusSynthesis
import KeepFIT

extension SyntheticDataset.ImageFormat: ChoiceArgument {}

/// `keepfit data synthesize`
struct DataSynthesizeCommand: Subcommand {
  static let name = "data synthesize"
  static let summary =
    "Render a synthetic fundus dataset with labels, captions in two languages, and masks."
  static let discussion = """
    The same seed renders the same images. Below --out: labeled public datasets, an expert dataset with
    captions, test images of seen classes (which have labels) and of unseen classes (which only captions
    mention), manifests/ for 'pretrain' and 'transfer', and masks/. With --report-count, angiograms with
    reports and manifests/ffa_ir.json for 'reports train'.

      keepfit data synthesize --out synthetic --size 256
      keepfit pretrain --model model --public synthetic/manifests/public.csv --public-root synthetic \\
        --expert synthetic/manifests/expert.csv --expert-root synthetic --out run
    """

  let out = Option<FilePath>("out", "DIR", required: true, help: "Directory to write.")
  let size = Option<Int>("size", "S", default: 128, in: 32...4096, help: "Image size in pixels.")
  let seed = Option<UInt64>("seed", "N", default: 42, help: "Random seed.")
  let publicCount = Option<Int>(
    "public-count", "N", default: 720, in: 0...10_000_000, help: "Number of labeled images.")
  let expertCount = Option<Int>(
    "expert-count", "N", default: 360, in: 0...10_000_000,
    help: "Number of color photographs with captions.")
  let angiogramCount = Option<Int>(
    "angiogram-count", "N", default: 0, in: 0...10_000_000,
    help: "Number of angiograms with captions.")
  let tomogramCount = Option<Int>(
    "tomogram-count", "N", default: 0, in: 0...10_000_000,
    help: "Number of OCT B-scans with captions.")
  let reportCount = Option<Int>(
    "report-count", "N", default: 0, in: 0...1_000_000,
    help: "Number of angiography studies with reports, in the FFA-IR layout.")
  let imagesPerReport = Option<Int>(
    "images-per-report", "N", default: 1, in: 1...4,
    help: "Images per study, in different phases of the angiogram.")
  let testPerClass = Option<Int>(
    "test-per-class", "N", default: 20, in: 0...1_000_000, help: "Test images per class.")
  let labelNoise = Option<Double>(
    "label-noise", "P", default: 0.06, in: 0...1, help: "Fraction of wrong labels.")
  let format = Option<SyntheticDataset.ImageFormat>(
    "format", "NAME", default: .jpeg, help: "Image file format.")
  let noMasks = Flag("no-masks", help: "Do not write segmentation masks of the findings.")
  let json = Flag("json", help: "Print what was written as one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    if reportCount.value == 0 {
      try refuseIdle(imagesPerReport, reason: "without --report-count")
    }
  }

  func run() throws {
    var configuration = SyntheticDataset.Configuration()
    configuration.size = size.value
    configuration.seed = seed.value
    configuration.publicCount = publicCount.value
    configuration.expertCount = expertCount.value
    configuration.angiogramCount = angiogramCount.value
    configuration.tomogramCount = tomogramCount.value
    configuration.reportCount = reportCount.value
    configuration.imagesPerReport = imagesPerReport.value
    configuration.testPerClass = testPerClass.value
    configuration.labelNoise = Float(labelNoise.value)
    configuration.format = format.value
    configuration.writesMasks = !noMasks.isOn
    let progress = SharedProgress("Rendering", unit: "images")
    let summary = try SyntheticDataset.write(
      to: out.value.url, configuration: configuration, force: overwrite.force.isOn,
      progress: progress.update)
    let count = summary.images.values.reduce(0, +)
    progress.finish(
      "Rendered \(Pretty.count(count, "image")) and \(Pretty.count(summary.masks, "mask"))")
    if json.isOn {
      Console.print(try JSONText.encode(summary))
    }
  }
}
