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

    With several images, or a folder, --out is a directory that receives a PNG for each, and --json prints
    a list of these objects with the member "image".

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
    "out", "FILE",
    help:
      "Overlay with legend (.png, .jpg, .jpeg) or raw map (.npy); for several images a directory.")
  let method = Option<Method>(
    "method", "NAME", default: .gradient,
    help: "Gradient-weighted activations, or occlusion of one patch at a time, which is slow.")
  let grid = Option<Int>(
    "grid", "N", default: 16, in: 2...64, help: "Occlusion patches per side.")
  let scale = Option<Double>(
    "scale", "V", in: 1e-30...1e30,
    help: "Raw value of the brightest color, for comparable images; by default the map's maximum.")
  let images = ImageOptions()
  let badImages = BadImageOptions()
  let json = Flag("json", help: "Print the map as one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let inputs = ImageInputs()

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
    try inputs.validate()
    if adapter.given != nil {
      try refuseIdle(text, reason: "with --adapter, which uses no text; --label selects a class")
    } else {
      try refuseIdle(label, reason: "without --adapter DIR")
      guard text.given != nil else {
        throw CommandError.usage("--text T is missing: the text prompt, or --adapter DIR")
      }
    }
    try checkTexts()
    guard out.given != nil || json.isOn else {
      throw CommandError.usage("give --out FILE for an overlay or raw map, or --json for numbers")
    }
    if out.given?.url.pathExtension.lowercased() == Format.npy.rawValue && scale.given != nil {
      throw CommandError.usage(
        "--scale is for the colors of an image; a .npy file contains raw values")
    } else if out.given == nil && scale.given != nil {
      throw CommandError.usage("--scale is for the colors of an image: give --out FILE.png")
    }
    if grid.given != nil && method.value != .occlusion {
      throw CommandError.usage("--grid is for --method occlusion")
    }
  }

  /// Refuses texts without effect.
  private func checkTexts() throws {
    guard adapter.given == nil else { return }
    if text.value.allSatisfy(\.isWhitespace) { throw CommandError.usage("--text is empty") }
    guard let given = against.given, given != "nothing" else { return }
    let parts = given.split(separator: ";", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    if parts.contains("") {
      throw CommandError.usage(
        "--against '\(given)' contains an empty text; 'nothing' is for no contrast")
    }
    for (index, part) in parts.enumerated()
    where parts[..<index].contains(part) || part == text.value {
      throw CommandError.usage(
        part == text.value
          ? "--against '\(given)' contains the text that it is to contrast with"
          : "--against '\(given)' contains '\(part)' twice")
    }
  }

  private func others(for model: KeepFITModel) -> [String] {
    guard let given = against.given else {
      return [PromptTemplates.prompt(model.configuration.caption, category: "normal")]
    }
    if given == "nothing" { return [] }
    return given.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The query for a photograph, and the model whose feature maps explain it.
  private func question(
    for model: KeepFITModel, _ adapter: Adapter?
  ) throws -> (Photograph) throws -> (Explanation.Query, any ExplainableModel) {
    let encoder = KeepFITTransferModel(model)
    guard let adapter else {
      let others = others(for: model)
      TextWarnings.check([text.value] + others, model)
      let query = try Explanation.Query(text.value, against: others, model: encoder)
      return { _ in (query, encoder) }
    }
    return { photograph in
      try adapter.query(
        for: label.given, against: against.given, pixels: photograph.pixels, model: encoder)
    }
  }

  func run() throws {
    let files = try inputs.resolve()
    let isOne = files.isOneFile(of: inputs.files.values)
    let targets = try targets(of: files, isOne: isOne)
    let model = try models.load()
    let fitted = try adapter.given.map { try Adapter(contentsOf: $0.url) }
    let preprocessing = try images.preprocessing(for: model, adapter: fitted)
    let question = try question(for: model, fitted)
    if json.isOn, !isOne { Console.write("[") }
    // Close the list even after an error, so that it is valid JSON.
    defer { if json.isOn, !isOne { Console.print("]") } }
    var skipped: [SkippedImage] = []
    var printed = 0
    for (index, file) in files.enumerated() {
      let photograph: Photograph
      do throws(ImageError) {
        photograph = try Photograph(contentsOf: file.url, preprocessing: preprocessing)
      } catch {
        guard badImages.policy.value == .skip else { throw error }
        skipped.append(SkippedImage(id: file.name, reason: "\(error)"))
        continue
      }
      let (query, encoder) = try question(photograph)
      let map = try explanation(of: photograph, query, encoder)
      try tell(map, of: isOne ? nil : file.name)
      if let target = targets?[index] { try write(map, of: photograph, to: target) }
      if json.isOn {
        Console.write((printed == 0 ? "" : ",\n") + (try Self.object(map, isOne ? nil : file.name)))
        if isOne { Console.print("") }
      } else {
        let similarity = map.similarity.map { String(format: "similarity %.4f", $0) } ?? map.text
        Console.print(
          (isOne ? "" : file.name + "  ") + similarity + String(format: "  score %.4f", map.score))
      }
      printed += 1
    }
    try BadImageOptions.report(skipped, of: files.count)
  }

  private func explanation(
    of photograph: Photograph, _ query: Explanation.Query, _ encoder: any ExplainableModel
  ) throws -> Explanation {
    switch method.value {
    case .gradient:
      try Explanation.gradientWeighted(
        photograph.pixels, content: photograph.content, query: query, model: encoder)
    case .occlusion:
      try Explanation.occlusion(
        photograph.pixels, content: photograph.content, query: query, model: encoder,
        grid: grid.value)
    }
  }

  /// The file to write for each image; nil without `--out`.
  /// - Throws: a usage error for a file that cannot be written.
  private func targets(of files: [ImageList.Item], isOne: Bool) throws -> [FilePath]? {
    guard let out = out.given else { return nil }
    if isOne {
      _ = try format(of: out)
      try out.checkWritable(force: overwrite.force.isOn)
      return [out]
    }
    if Format(rawValue: out.url.pathExtension.lowercased()) != nil {
      throw CommandError.usage(
        "--out \(out.text): must be a directory for several images or a folder, not a file")
    }
    if out.exists && !out.isDirectory {
      throw CommandError.usage("--out \(out.text): is a file; expected a directory")
    }
    let names = files.map { file in
      // The frame 12 of volume.dcm is volume-12.
      let suffix = ImageAddress(file.url).frame.map { "#\($0)" } ?? ""
      return (String(file.name.dropLast(suffix.count)) as NSString).deletingPathExtension
        + suffix.replacing("#", with: "-")
    }
    let stems = names.map { ($0 as NSString).lastPathComponent }
    let counts = Dictionary(stems.map { ($0, 1) }, uniquingKeysWith: +)
    let targets = zip(names, stems).map { name, stem in
      let unique = counts[stem] == 1 ? stem : name.replacing("/", with: "_")
      return FilePath("\(out.text)/\(unique).png")
    }
    for target in targets {
      try target.checkWritable(force: overwrite.force.isOn, createsDirectory: true)
    }
    if let twice = Dictionary(grouping: targets, by: \.text).values.first(where: { $0.count > 1 }) {
      throw CommandError.usage("two images have the same name: both would be \(twice[0].text)")
    }
    try FileManager.default.createDirectory(at: out.url, withIntermediateDirectories: true)
    return targets
  }

  private func tell(_ map: Explanation, of name: String?) throws {
    let name = name.map { $0 + ": " } ?? ""
    if map.maximum == 0 { Console.note("\(name)no region of the photograph supports the text") }
    if map.paddingShare >= 0.05 {
      Console.note(
        name
          + String(
            format:
              "%.0f %% of the saliency was on the padding around the photograph and is left out",
            map.paddingShare * 100))
    }
  }

  private static func object(_ map: Explanation, _ name: String?) throws -> String {
    let text = try JSONText.encode(map)
    guard let name else { return text }
    let members = try JSONValue(parsing: Array(text.utf8)).members ?? []
    return JSONValue.object([.init("image", .string(name))] + members).serialized()
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
