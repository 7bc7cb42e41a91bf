import Foundation
import KeepFIT

/// `keepfit explain`
struct ExplainCommand: Subcommand {
  static let name = "explain"
  static let summary = "Show where in a picture a text is supported."
  static let discussion = """
    Writes the picture with the map over it; --json prints the map as numbers:
    {"method", "text", "against", "similarity", "rows", "columns", "map"}, the map from 0 to 1, row by
    row. It shows what speaks for the text rather than for a normal eye, or for the texts of --against.

      keepfit explain --model model --text "A fundus photograph of hard exudates" \\
        photograph.jpg --out map.png
    """

  enum Method: String, ChoiceArgument {
    case gradient, occlusion
  }

  let models = ModelOptions()
  let text = Option<String>("text", "T", required: true, help: "The text, used as it stands.")
  let against = Option<String>(
    "against", "A;B;…",
    help: "What to contrast the text with, or 'nothing'; by default the sentence for a normal eye.")
  let out = Option<FilePath>("out", "P.png", help: "The PNG to write.")
  let method = Option<Method>(
    "method", "NAME", default: .gradient,
    help: "Gradient-weighted activation, or hiding patches one by one, which is slow.")
  let grid = Option<Int>(
    "grid", "N", default: 16, in: 2...64, help: "Patches along a side, for occlusion.")
  let images = ImageOptions()
  let json = Flag("json", help: "Print the map as one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()
  let file = Positionals("IMAGE", count: 1...1, help: "A picture: JPEG, PNG, TIFF or PPM.")

  func validate() throws {
    guard out.given != nil || json.isOn else {
      throw CommandError.usage("give --out P.png for a picture, or --json for numbers")
    }
    try out.given?.checkWritable(force: overwrite.force.isOn)
  }

  private func others(for model: KeepFITModel) -> [String] {
    guard let given = against.given else {
      return [ReportTemplates.prompt(model.configuration.caption, category: "normal")]
    }
    if given == "nothing" { return [] }
    return given.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  func run() throws {
    let model = try models.load()
    let tower = KeepFITTransferModel(model)
    let picture = try images.preprocessing(for: model).prepare(contentsOf: file.paths[0].url)
    let pixels = picture.rank == 4 ? picture.reshaped(Array(picture.shape.dropFirst())) : picture
    let query = try Explanation.Query(text.value, against: others(for: model), model: tower)
    let map: Explanation
    switch method.value {
    case .gradient:
      map = Explanation.gradientWeighted(pixels, query: query, model: tower)
    case .occlusion:
      map = Explanation.occlusion(pixels, query: query, model: tower, grid: grid.value)
    }
    if let file = out.given {
      try FundusImage(map.overlay(on: pixels)).writePNG(
        to: file.url, force: overwrite.force.isOn)
      Console.note("Wrote \(file.text)")
    }
    if json.isOn {
      Console.print(try JSONText.encode(map))
    } else {
      Console.print(String(format: "similarity %.4f", map.similarity))
    }
  }
}
