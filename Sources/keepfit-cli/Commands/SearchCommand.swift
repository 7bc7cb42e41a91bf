import Foundation
import KeepFIT

/// `keepfit search`
struct SearchCommand: Subcommand {
  static let name = "search"
  static let summary = "Find the images most similar to a text or an image."
  static let discussion = """
      keepfit embed --model model --out index.safetensors photographs/*.jpg
      keepfit search --model model --index index.safetensors --text "macular hole" -k 5

    The search is exact. --json prints a list of {"index", "score", "source"}, best first; if --image
    names a folder, a pattern, a table, a list or several frames, a list of {"query", "matches"}.
    """

  enum Rows: String, ChoiceArgument {
    case images, texts
  }

  let models = ModelOptions()
  let index = Option<FilePath>(
    "index", "F.safetensors", required: true, help: "File written by 'embed'.")
  let text = Option<String>("text", "T", help: "Query text, used verbatim.")
  let image = Option<FilePath>(
    "image", "I",
    help: "Query image; or a folder, quoted pattern, table or list of query images, or -.")
  let frame = FrameOption()
  let rows = Option<Rows>("in", "ROWS", default: .images, help: "Rows to search.")
  let count = Option<Int>(
    "count", "N", letter: "k", default: 10, in: 1...1_000_000, help: "Number of results.")
  let images = ImageOptions()
  let badImages = BadImageOptions()
  let json = Flag("json", help: "Print one JSON list.")
  let common = CommonOptions()

  func validate() throws {
    guard (text.given == nil) != (image.given == nil) else {
      throw CommandError.usage("give either --text or --image as the query")
    }
    if text.given != nil { try refuseIdle(images, frame, badImages, reason: "with --text") }
    if text.given?.allSatisfy(\.isWhitespace) == true {
      throw CommandError.usage("--text is empty")
    }
  }

  func run() throws {
    let table = try EmbeddingIndex(
      contentsOf: index.value.url,
      tensor: rows.value == .images ? "image_embeddings" : "text_embeddings")
    let model = try models.load()
    func search(_ query: Tensor) throws -> [EmbeddingIndex.Match] {
      try table.search(query.scalars, count: min(count.value, table.count))
    }
    if let text = text.given {
      TextWarnings.truncation(of: [text], model)
      show(try search(model.textEmbeddings([text])))
      return
    }
    let files = try ImageInputs.resolve(image.value.text, frame)
    let preprocessing = try images.preprocessing(for: model)
    let isOne = files.isOneFile(of: [image.value.text])
    if json.isOn, !isOne { Console.write("[") }
    // Close the list even after an error, so that it is valid JSON.
    defer { if json.isOn, !isOne { Console.print("]") } }
    var skipped: [SkippedImage] = []
    var number = 0
    for file in files {
      let embedding: Tensor
      do {
        embedding = try model.imageEmbeddings(
          contentsOf: [file.url], preprocessing: preprocessing)
      } catch let error as ImageError {
        guard badImages.policy.value == .skip else { throw error }
        skipped.append(SkippedImage(id: file.name, reason: "\(error)"))
        continue
      }
      defer { number += 1 }
      let matches = try search(embedding)
      if isOne {
        show(matches)
      } else if json.isOn {
        let item = JSONValue.object([
          .init("query", .string(file.name)), .init("matches", Self.list(matches)),
        ])
        Console.write((number == 0 ? "" : ",\n") + item.serialized())
      } else {
        Console.write((number == 0 ? "" : "\n") + file.name + "\n")
        show(matches)
      }
    }
    try BadImageOptions.report(skipped, of: files.count)
  }

  private static func list(_ matches: [EmbeddingIndex.Match]) -> JSONValue {
    .array(
      matches.map { match in
        .object([
          .init("index", .integer(match.index)), .init("score", .float(match.score)),
          .init("source", match.source.map { .string($0) } ?? .null),
        ])
      })
  }

  private func show(_ matches: [EmbeddingIndex.Match]) {
    if json.isOn {
      Console.print(Self.list(matches).serialized())
      return
    }
    var lines = TextTable(["score", "row", "source"], [.right, .right, .left])
    for match in matches {
      lines.add([
        String(format: "%.4f", match.score), String(match.index),
        (match.source ?? "").quotable(limit: 400),
      ])
    }
    Console.write(lines.text)
  }
}
