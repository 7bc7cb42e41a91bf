import Foundation
import KeepFIT

/// `keepfit embed`
struct EmbedCommand: Subcommand {
  static let name = "embed"
  static let summary = "Write the embeddings of pictures and texts to a safetensors file."
  static let discussion = """
    The file holds image_embeddings [N, D] and text_embeddings [M, D] of unit length; the metadata
    lists image_sources and text_sources as JSON. Texts are used as they stand, --batch-size of them
    padded together, which matters: the padding counts in the published pooling.

      keepfit embed --model model --out index.safetensors photographs/*.jpg
    """

  let models = ModelOptions()
  let out = Option<FilePath>("out", "F.safetensors", required: true, help: "The file to write.")
  let imageList = Option<FilePath>("images", "FILE", help: "A file with a picture's path a line.")
  let textList = Option<FilePath>("texts", "FILE", help: "A file with a text a line.")
  let images = ImageOptions()
  let precision = PrecisionOptions()
  let batchSize = Option<Int>(
    "batch-size", "B", in: 1...65536,
    help: "Texts that are padded together (32 by default), pictures that are worked at once (8).")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let files = Positionals("IMAGE", count: 0...Int.max, help: "Pictures: JPEG, PNG, TIFF or PPM.")

  func validate() throws {
    if imageList.given == nil && textList.given == nil && files.values.isEmpty {
      throw CommandError.usage("there is nothing to embed: give pictures, --images or --texts")
    }
    try out.value.checkWritable(force: overwrite.force.isOn)
  }

  func run() throws {
    let paths = files.values + (try imageList.given?.lines().filter { !$0.isEmpty } ?? [])
    let texts = try textList.given?.lines() ?? []
    if let empty = texts.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw CommandError.usage("\(textList.value.text), line \(empty + 1): the text is empty")
    }
    if paths.isEmpty && texts.isEmpty { throw CommandError.usage("the lists are empty") }
    let urls = paths.map { FilePath($0).url }
    if let missing = urls.firstIndex(where: { !FileManager.default.fileExists(atPath: $0.path) }) {
      throw CommandError.usage("\(paths[missing]): there is no such picture")
    }
    let model = try models.load()
    try precision.apply(to: model, of: models.model.value)
    var tensors: [(String, Tensor)] = []
    var metadata: [String: String] = [:]
    if !urls.isEmpty {
      let progress = ProgressBar("Embedding", unit: "pictures", total: urls.count)
      let embeddings = try model.imageEmbeddings(
        contentsOf: urls, preprocessing: images.preprocessing(for: model),
        batchSize: batchSize.given ?? 8
      ) { progress.update(to: $0) }
      progress.finish("Embedded \(Pretty.count(urls.count)) pictures")
      tensors.append(("image_embeddings", embeddings))
      metadata["image_sources"] = Self.list(paths)
    }
    if !texts.isEmpty {
      let size = batchSize.given ?? 32
      let progress = ProgressBar("Embedding", unit: "texts", total: texts.count)
      var parts: [Tensor] = []
      for start in stride(from: 0, to: texts.count, by: size) {
        let end = min(texts.count, start + size)
        parts.append(model.textEmbeddings(Array(texts[start..<end])))
        progress.update(to: end)
      }
      progress.finish("Embedded \(Pretty.count(texts.count)) texts")
      tensors.append(("text_embeddings", Tensor.concatenated(parts)))
      metadata["text_sources"] = Self.list(texts)
    }
    try Safetensors.write(
      tensors, metadata: metadata, to: out.value.url, force: overwrite.force.isOn)
  }

  private static func list(_ texts: [String]) -> String {
    JSONValue.array(texts.map { .string($0) }).serialized()
  }
}
