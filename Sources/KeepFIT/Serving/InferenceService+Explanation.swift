import Foundation

extension InferenceService {
  /// `POST /api/explain`
  func explain(_ request: ServiceRequest) throws -> ServiceResponse {
    let parameters = try RequestParameters(request)
    let texts = settings.adapter == nil ? ["text", "prompt"] : []
    try parameters.allow(["label", "against", "size", "output"] + texts)
    let output =
      try parameters.choice("output", of: ["overlay", "figure", "json"]) ?? "overlay"
    let size = try parameters.integer("size", in: 64...2048) ?? 1024
    let image = try image(of: parameters)
    let question = try question(parameters)
    let photograph = try Photograph(decoding: image, name: "image", preprocessing: preprocessing)
    let (query, encoder) = try question(photograph)
    let map = try Explanation.gradientWeighted(
      photograph.pixels, content: photograph.content, query: query, model: encoder)
    let shown = photograph.reduced(longestSide: size)
    switch output {
    case "json":
      let members = try JSONValue(parsing: Array(JSONText.encode(map).utf8)).members ?? []
      let overlay = map.overlay(on: shown).pngData().base64EncodedString()
      return .json(.object(members + [.init("overlay", .string(overlay))]))
    case "figure":
      return ServiceResponse(type: "image/png", body: map.figure(on: shown).pngData())
    default:
      return ServiceResponse(type: "image/png", body: map.overlay(on: shown).pngData())
    }
  }

  /// What is asked of a photograph, and the model whose feature maps explain it.
  private func question(
    _ parameters: RequestParameters
  ) throws -> (Photograph) throws -> (Explanation.Query, any ExplainableModel) {
    let limits = settings.limits
    let label = try parameters.one("label", limit: limits.labelLength)
    let others = try parameters.list(
      "against", count: limits.labels, length: limits.textLength)
    let encoder = encoder
    if let adapter = settings.adapter {
      guard (others?.count ?? 1) == 1 else {
        throw ServiceError(400, "'against' must be one class of the adapter")
      }
      return { photograph in
        try adapter.query(
          for: label, against: others?[0], pixels: photograph.pixels, model: encoder)
      }
    }
    let prompt = try prompt(parameters)
    let text = try parameters.one("text", limit: limits.textLength)
    guard (label == nil) != (text == nil) else {
      throw ServiceError(
        400, "give either 'label', which goes into the prompt, or 'text', which is used verbatim")
    }
    if text != nil, !parameters.all("prompt").isEmpty {
      throw ServiceError(400, "'prompt' has no effect with 'text'")
    }
    for given in [label, text] where given?.allSatisfy(\.isWhitespace) == true {
      throw ServiceError(400, "the text to explain is empty")
    }
    func sentence(_ label: String) -> String { PromptTemplates.prompt(prompt, category: label) }
    let asked = label.map(sentence) ?? text ?? ""
    let contrast: [String] =
      switch others {
      case nil: [sentence("normal")]
      case ["nothing"]: []
      case let given?: label == nil ? given : given.map(sentence)
      }
    let query = try Explanation.Query(asked, against: contrast, model: encoder)
    return { _ in (query, encoder) }
  }
}
