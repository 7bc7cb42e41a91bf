import Foundation
import KeepFIT

/// `keepfit embed`
struct EmbedCommand: Subcommand {
  static let name = "embed"
  static let summary = "Write the embeddings of images and texts to a file."
  static let discussion = """
    Embeddings have unit length. The extension of --out determines the format:

      .safetensors  image_embeddings [N, D] and text_embeddings [M, D]; the metadata lists
                    image_sources, text_sources and skipped_images as JSON
      .npy          a float32 array [N, D] of the images, or of the texts
      .csv          one row per image or text: kind, source, e0, e1, …

    Texts are used verbatim. --batch-size texts are padded together, which affects the embeddings:
    the published pooling includes the padding.

      keepfit embed --model model --out index.safetensors photographs/*.jpg
    """

  let models = ModelOptions()
  let out = Option<FilePath>(
    "out", "FILE", required: true, help: "File to write: .safetensors, .npy or .csv.")
  let imageList = Option<FilePath>(
    "images", "FILE", help: "File with one image path per line.")
  let textList = Option<FilePath>("texts", "FILE", help: "File with one text per line.")
  let images = ImageOptions()
  let badImages = BadImageOptions()
  let precision = PrecisionOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", in: 1...65536,
    help: "Texts padded together (by default 32), images per batch (by default 8).")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let inputs = ImageInputs()

  /// The formats by extension.
  private enum Format: String, CaseIterable {
    case safetensors, npy, csv
  }

  private var format: Format? { Format(rawValue: out.value.url.pathExtension.lowercased()) }

  func validate() throws {
    try inputs.validate()
    if imageList.given == nil && !inputs.isGiven {
      if textList.given == nil {
        throw CommandError.usage("there is nothing to embed: give images, --images or --texts")
      }
      try refuseIdle(
        images, badImages, precision, inputs.root, inputs.column, reason: "without images")
    } else if textList.given != nil && format == .npy {
      throw CommandError.usage(
        "--out \(out.value.text): a .npy file holds one array; give images or --texts, or write "
          + "a .safetensors file")
    }
    try precision.validate()
    if format == nil {
      throw CommandError.usage(
        "--out \(out.value.text): the name must end in "
          + Format.allCases.map { "." + $0.rawValue }.joined(separator: ", "))
    }
    try out.value.checkWritable(force: overwrite.force.isOn)
  }

  func run() throws {
    let paths =
      imageList.isGiven || inputs.isGiven
      ? try inputs.resolve(lists: [imageList.given].compactMap(\.self)) : []
    let texts = try textList.given?.lines() ?? []
    if let empty = texts.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw CommandError.usage("\(textList.value.text), line \(empty + 1): the text is empty")
    }
    if paths.isEmpty && texts.isEmpty {
      throw CommandError.usage("\(textList.value.text): the list is empty")
    }
    let model = try models.load()
    try precision.apply(to: model, of: models.model.value)
    var parts: [Part] = []
    var skipped: [SkippedImage] = []
    if !paths.isEmpty {
      let (part, left) = try embed(images: paths, model)
      parts.append(part)
      skipped = left
    }
    if !texts.isEmpty { parts.append(embed(texts: texts, model)) }
    try write(parts, skipped: skipped)
    try BadImageOptions.report(skipped, of: paths.count)
  }

  /// Rows of one kind, with what they were made from.
  private struct Part {
    let kind: String
    let embeddings: Tensor
    let sources: [String]
  }

  private func embed(
    images paths: [ImageList.Item], _ model: KeepFITModel
  ) throws -> (Part, [SkippedImage]) {
    let progress = ProgressBar("Embedding", unit: "images", total: paths.count)
    var rows: [Tensor] = []
    var sources: [String] = []
    var skipped: [SkippedImage] = []
    try images.preprocessing(for: model).forEachBatch(
      of: paths.map(\.url), size: batchSize.given ?? 8,
      onBadImage: badImages.policy.value
    ) { batch in
      if !batch.positions.isEmpty { rows.append(model.imageEmbeddings(batch.pixels)) }
      sources += batch.positions.map { paths[$0].name }
      skipped += batch.skipped
      progress.update(to: sources.count + skipped.count)
    }
    guard !rows.isEmpty else {
      for image in skipped { Console.warn("skipped: \(image.reason)") }
      throw CommandError.failure("none of the images can be used; no file was written")
    }
    progress.finish("Embedded \(Pretty.count(sources.count, "image"))")
    return (
      Part(kind: "image", embeddings: Tensor.concatenated(rows), sources: sources), skipped
    )
  }

  private func embed(texts: [String], _ model: KeepFITModel) -> Part {
    let size = batchSize.given ?? 32
    TextWarnings.truncation(of: texts, model)
    let progress = ProgressBar("Embedding", unit: "texts", total: texts.count)
    var rows: [Tensor] = []
    for start in stride(from: 0, to: texts.count, by: size) {
      let end = min(texts.count, start + size)
      rows.append(model.textEmbeddings(Array(texts[start..<end])))
      progress.update(to: end)
    }
    progress.finish("Embedded \(Pretty.count(texts.count, "text"))")
    let embeddings = Tensor.concatenated(rows)
    if Set(texts).count == texts.count { TextWarnings.collapse(embeddings) }
    return Part(kind: "text", embeddings: embeddings, sources: texts)
  }

  private func write(_ parts: [Part], skipped: [SkippedImage]) throws {
    let url = out.value.url
    let force = overwrite.force.isOn
    switch format {
    case .npy: try NumPyFile.write(parts[0].embeddings, to: url, force: force)
    case .csv: try writeTable(parts, to: url, force: force)
    case .safetensors, nil:
      var metadata: [String: String] = [:]
      for part in parts { metadata["\(part.kind)_sources"] = Self.list(part.sources) }
      if !skipped.isEmpty { metadata["skipped_images"] = Self.list(skipped.map(\.id)) }
      try Safetensors.write(
        parts.map { ("\($0.kind)_embeddings", $0.embeddings) }, metadata: metadata, to: url,
        force: force)
    }
  }

  private func writeTable(_ parts: [Part], to url: URL, force: Bool) throws {
    let width = parts[0].embeddings.shape[1]
    try AtomicFile.write(to: url, force: force) { writer in
      try writer.write(
        Array(CSVWriter.line(["kind", "source"] + (0..<width).map { "e\($0)" }).utf8))
      for part in parts {
        let values = part.embeddings.scalars
        for (row, source) in part.sources.enumerated() {
          let numbers = values[row * width..<(row + 1) * width].map { "\($0)" }
          try writer.write(Array(CSVWriter.line([part.kind, source] + numbers).utf8))
        }
      }
    }
  }

  private static func list(_ texts: [String]) -> String {
    JSONValue.array(texts.map { .string($0) }).serialized()
  }
}
