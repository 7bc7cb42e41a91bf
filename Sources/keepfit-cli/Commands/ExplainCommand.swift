import Foundation
import KeepFIT

/// `keepfit explain`
struct ExplainCommand: Subcommand {
  static let name = "explain"
  static let summary = "Show which regions of an image support a text prompt (saliency map)."
  static let discussion = """
    Writes the photograph at its original resolution, overlaid with the saliency map, and a legend with
    the color scale; or, with .npy, the raw map: float32, [height, width] of the photograph, in units of
    the score. Padding is left out. --json prints {"method", "text", "against", "similarity", "score",
    "rows", "columns", "map", "maximum", "content", "padding_share"}: the map row by row on the model's
    grid, from 0 to 1 relative to "maximum", the largest raw value. The map explains the score, which is
    the cosine similarity to the text minus that to a normal fundus, or to the texts of --against.

      keepfit explain --model model --text "A fundus photograph of hard exudates" \\
        photograph.jpg --out map.png

    With --adapter, the map explains the logit of a class of the fitted classifier (--label, by default the
    predicted class) minus that of another one (--against, by default the most probable other class).

      keepfit explain --model model --adapter DIR --label glaucoma photograph.jpg --out map.png
    """

  enum Method: String, ChoiceArgument {
    case gradient, occlusion
  }

  let models = ModelOptions()
  let text = Option<String>("text", "T", help: "Text prompt, used verbatim.")
  let adapter = Option<FilePath>(
    "adapter", "DIR", help: "Explain a classifier written by 'transfer --save-adapters'.")
  let label = Option<String>(
    "label", "LABEL", help: "Class of the adapter to explain; by default the predicted one.")
  let against = Option<String>(
    "against", "A;B;…",
    help:
      "Contrast texts, or 'nothing'; by default the prompt for a normal fundus. With --adapter, "
      + "the contrast class.")
  let out = Option<FilePath>(
    "out", "FILE", help: "Overlay with legend (.png, .jpg, .jpeg) or raw map (.npy).")
  let method = Option<Method>(
    "method", "NAME", default: .gradient,
    help: "Gradient-weighted activations, or occlusion of one patch at a time, which is slow.")
  let grid = Option<Int>(
    "grid", "N", default: 16, in: 2...64, help: "Occlusion patches per side.")
  let scale = Option<Double>(
    "scale", "V", in: 1e-30...1e30,
    help: "Raw value of the brightest color, for comparable images; by default the map's maximum.")
  let images = ImageOptions()
  let json = Flag("json", help: "Print the map as one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let file = Positionals(
    "IMAGE", count: 1...1, help: "A fundus photograph: JPEG, PNG, TIFF or PPM.")

  private enum Format: String {
    case png, jpg, jpeg, npy
  }

  private func format(of file: FilePath) throws -> Format {
    guard let format = Format(rawValue: file.url.pathExtension.lowercased()) else {
      throw CommandError.usage("--out \(file.text): must end in .png, .jpg, .jpeg or .npy")
    }
    return format
  }

  func validate() throws {
    if adapter.given != nil {
      try refuseIdle(text, reason: "with --adapter, which uses no text; --label selects a class")
    } else {
      try refuseIdle(label, reason: "without --adapter DIR")
      guard text.given != nil else {
        throw CommandError.usage("--text T is missing: the text prompt, or --adapter DIR")
      }
    }
    guard out.given != nil || json.isOn else {
      throw CommandError.usage("give --out FILE for an overlay or raw map, or --json for numbers")
    }
    if let file = out.given {
      let format = try format(of: file)
      try file.checkWritable(force: overwrite.force.isOn)
      if format == .npy && scale.given != nil {
        throw CommandError.usage(
          "--scale is for the colors of an image; a .npy file holds raw values")
      }
    } else if scale.given != nil {
      throw CommandError.usage("--scale is for the colors of an image: give --out FILE.png")
    }
    if grid.given != nil && method.value != .occlusion {
      throw CommandError.usage("--grid is for --method occlusion")
    }
  }

  private func others(for model: KeepFITModel) -> [String] {
    guard let given = against.given else {
      return [ReportTemplates.prompt(model.configuration.caption, category: "normal")]
    }
    if given == "nothing" { return [] }
    return given.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  /// The query, and the model whose feature maps explain it.
  private func question(
    on photograph: Photograph, _ adapter: Adapter?, _ model: KeepFITModel
  ) throws -> (Explanation.Query, any ExplainableModel) {
    let encoder = KeepFITTransferModel(model)
    guard let adapter else {
      return (
        try Explanation.Query(text.value, against: others(for: model), model: encoder), encoder
      )
    }
    return try adapter.query(
      for: label.given, against: against.given, pixels: photograph.pixels, model: encoder)
  }

  func run() throws {
    let model = try models.load()
    let fitted = try adapter.given.map { try Adapter(contentsOf: $0.url) }
    let photograph = try Photograph(
      contentsOf: file.paths[0].url,
      preprocessing: images.preprocessing(for: model, adapter: fitted))
    let (query, encoder) = try question(on: photograph, fitted, model)
    let map: Explanation
    switch method.value {
    case .gradient:
      map = try Explanation.gradientWeighted(
        photograph.pixels, content: photograph.content, query: query, model: encoder)
    case .occlusion:
      map = try Explanation.occlusion(
        photograph.pixels, content: photograph.content, query: query, model: encoder,
        grid: grid.value)
    }
    if map.maximum == 0 { Console.note("no region of the photograph supports the text") }
    if map.paddingShare >= 0.05 {
      Console.note(
        String(
          format:
            "%.0f %% of the saliency was on the padding around the photograph and is left out",
          map.paddingShare * 100))
    }
    if let file = out.given { try write(map, of: photograph, to: file) }
    if json.isOn {
      Console.print(try JSONText.encode(map))
    } else {
      let similarity = map.similarity.map { String(format: "similarity %.4f  ", $0) }
      Console.print(
        (similarity ?? "\(map.text)  ") + String(format: "score %.4f", map.score))
    }
  }

  private func write(_ map: Explanation, of photograph: Photograph, to file: FilePath) throws {
    let force = overwrite.force.isOn
    let top = scale.given.map(Float.init)
    switch try format(of: file) {
    case .png: try map.figure(on: photograph, top: top).writePNG(to: file.url, force: force)
    case .jpg, .jpeg:
      try map.figure(on: photograph, top: top).writeJPEG(to: file.url, quality: 92, force: force)
    case .npy:
      let raw = map.raw(over: photograph)
      try NumPyFile.write(raw, to: file.url, force: force)
      Console.note(
        "Wrote \(file.text): float32 \(raw.shape), raw values from 0 to \(map.maximum)")
      return
    }
    Console.note("Wrote \(file.text)")
  }
}
