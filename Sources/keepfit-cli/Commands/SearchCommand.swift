import Foundation
import KeepFIT

/// `keepfit search`
struct SearchCommand: Subcommand {
  static let name = "search"
  static let summary = "Find the images most similar to a text or an image."
  static let discussion = """
      keepfit embed --model model --out index.safetensors photographs/*.jpg
      keepfit search --model model --index index.safetensors --text "macular hole" -k 5

    The search is exact. --json prints a list of {"index", "score", "source"}, best first.
    """

  enum Rows: String, ChoiceArgument {
    case images, texts
  }

  let models = ModelOptions()
  let index = Option<FilePath>(
    "index", "F.safetensors", required: true, help: "File written by 'embed'.")
  let text = Option<String>("text", "T", help: "Query text, used verbatim.")
  let image = Option<FilePath>("image", "I", help: "Query image.")
  let rows = Option<Rows>("in", "ROWS", default: .images, help: "Rows to search.")
  let count = Option<Int>(
    "count", "N", letter: "k", default: 10, in: 1...1_000_000, help: "Number of results.")
  let images = ImageOptions()
  let json = Flag("json", help: "Print one JSON list.")
  let common = CommonOptions()

  func validate() throws {
    guard (text.given == nil) != (image.given == nil) else {
      throw CommandError.usage("give either --text or --image to search for")
    }
    if text.given != nil { try refuseIdle(images, reason: "with --text") }
    if text.given?.allSatisfy(\.isWhitespace) == true {
      throw CommandError.usage("--text is empty")
    }
  }

  func run() throws {
    let table = try EmbeddingIndex(
      contentsOf: index.value.url,
      tensor: rows.value == .images ? "image_embeddings" : "text_embeddings")
    let model = try models.load()
    let query: Tensor
    if let text = text.given {
      TextWarnings.truncation(of: [text], model)
      query = model.textEmbeddings([text])
    } else {
      query = try model.imageEmbeddings(
        contentsOf: [image.value.url], preprocessing: images.preprocessing(for: model))
    }
    let matches = try table.search(query.scalars, count: min(count.value, table.count))
    if json.isOn {
      Console.print(
        JSONValue.array(
          matches.map { match in
            .object([
              .init("index", .integer(match.index)), .init("score", .float(match.score)),
              .init("source", match.source.map { .string($0) } ?? .null),
            ])
          }
        ).serialized())
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
