import Foundation
import KeepFIT

/// `keepfit quantize`
struct QuantizeCommand: Subcommand {
  static let name = "quantize"
  static let aliases = ["calibrate"]
  static let summary =
    "Prepare a model for INT8 inference (--precision int8), calibrated on some of your photographs."
  static let discussion = """
    Records the activation ranges on the photographs (20 to 100 like those to be embedded are enough) and
    compares INT8 with FP32 embeddings. If the lowest cosine similarity is below --min-cosine, as few blocks
    as possible at the beginning of the network stay in FP32.

      keepfit quantize --model model photographs/*.jpg
      keepfit embed --model model --precision int8 --out index.safetensors photographs/*.jpg
    """

  let models = ModelOptions()
  let out = Option<FilePath>(
    "out", "FILE", help: "File to write; by default calibration.json in the model directory.")
  let minimumCosine = Option<Double>(
    "min-cosine", "C", aliases: ["least-cosine"], default: 0.999, in: 0...1,
    help: "Lowest cosine similarity of INT8 and FP32 embeddings to accept.")
  let images = ImageOptions()
  let badImages = BadImageOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", default: 4, in: 1...4096, help: "Images per batch.")
  let json = Flag("json", help: "Print one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let inputs = ImageInputs()

  private var target: FilePath {
    get throws {
      if let file = out.given ?? PrecisionOptions.file(of: models.model.value) { return file }
      let model = models.model.value
      throw CommandError.usage(
        model.exists
          ? "--out FILE is missing: \(model.text) is not a directory"
          : "\(model.text): there is no such model")
    }
  }

  func validate() throws {
    try inputs.validate()
    try target.checkWritable(force: overwrite.force.isOn)
  }

  func run() throws {
    let model = try models.load()
    let preprocessing = try images.preprocessing(for: model)
    let files = try inputs.resolve()
    let (usable, skipped) = try badImages.usable(files) { url throws(ImageError) in
      _ = try preprocessing.prepare(contentsOf: url)
    }
    let urls = usable.map(\.url)
    // At least two batches, so that half of the images can be held out.
    let size = max(1, min(batchSize.value, urls.count / 2))
    let batches = (urls.count + size - 1) / size
    let progress = ProgressBar("Calibrating", unit: "batches", total: batches)
    let calibration = try VisionCalibration(
      model, batches: batches, leastCosine: Float(minimumCosine.value)
    ) { index in
      progress.update(to: index)
      return try preprocessing.prepare(
        contentsOf: Array(urls[index * size..<min(urls.count, (index + 1) * size)]))
    }
    progress.interrupt()
    let file = try target
    try calibration.write(to: file.url, force: overwrite.force.isOn)
    show(calibration, file)
    try BadImageOptions.report(skipped, of: files.count)
  }

  private func show(_ calibration: VisionCalibration, _ file: FilePath) {
    if json.isOn {
      Console.print(
        JSONValue.object([
          .init("least_cosine", .double(Double(calibration.agreement.least))),
          .init("mean_cosine", .double(Double(calibration.agreement.mean))),
          .init("float_blocks", .integer(calibration.floatBlocks)),
          .init("images", .integer(calibration.ranges.images)),
        ]).serialized())
      return
    }
    Console.print(
      String(
        format: "cosine similarity to FP32: mean %.5f, lowest %.5f; ", calibration.agreement.mean,
        calibration.agreement.least)
        + Pretty.count(calibration.floatBlocks, "block")
        + (calibration.floatBlocks == 1 ? " stays" : " stay") + " in FP32")
    if !QuantizedConvolution.isFast {
      Console.note("This processor has no AVX-512 VNNI: INT8 inference will not be faster here")
    }
    Console.note("Wrote \(file.text)")
  }
}
