import Foundation
import FundusSynthesis
import KeepFIT
import Testing

/// The service without a network: requests in, answers out.
@Suite struct InferenceServiceTests {
  static let host: [(name: String, value: String)] = [("Host", "127.0.0.1:8000")]
  static let labels = "labels=normal%3Bglaucoma%3Bdrusen"

  static let model: KeepFITModel = {
    var configuration = KeepFITConfiguration(.tiny)
    configuration.vision.width = 8
    configuration.text.hiddenSize = 32
    configuration.text.intermediateSize = 64
    configuration.projectionDimension = 16
    configuration.imageSize = 64
    configuration.preprocessing.imageSize = 64
    configuration.text.vocabularySize = Vocabulary.fundus.count
    do {
      return try KeepFITModel(
        configuration, vocabulary: .fundus, initialization: .random(RandomStream(seed: 5)))
    } catch { fatalError("\(error)") }
  }()

  static let image: Data = {
    let drawn = SyntheticFundus(seed: 4).render(size: 96)
    return FundusImage(width: 96, height: 96, pixels: drawn.pixels).pngData()
  }()

  static func service(
    _ change: (inout InferenceService.Settings) throws -> Void = { _ in }
  ) throws -> InferenceService {
    var settings = InferenceService.Settings(modelName: "tiny")
    try change(&settings)
    return try InferenceService(model, settings: settings)
  }

  static func post(
    _ target: String, _ body: Data = image, type: String = "image/png"
  ) -> ServiceRequest {
    ServiceRequest(
      method: "POST", target: target, headers: host + [("Content-Type", type)], body: body)
  }

  static func get(_ target: String) -> ServiceRequest {
    ServiceRequest(target: target, headers: host)
  }

  static func json(_ response: ServiceResponse) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: response.body) as? [String: Any])
  }

  @Test func probabilitiesAreThoseOfTheLibrary() throws {
    let answer = try Self.json(
      Self.service().respond(to: Self.post("/api/classify?name=OD%2F12_left.png&" + Self.labels)))
    let pixels = try Self.model.configuration.preprocessing.prepare(
      decoding: Self.image, name: "image")
    let expected = Self.model.classify(
      pixels.reshaped([1, 64, 64, 3]), labels: ["normal", "glaucoma", "drusen"])
    let found = try #require(answer["probabilities"] as? [Double])
    #expect(found.map { Float($0) } == expected.probabilities[0])
    #expect(answer["image"] as? String == "12_left.png")
    #expect(answer["laterality"] as? String == "left")
    #expect(answer["quality"] is [String])
  }

  @Test func allBodiesGiveTheSameAnswer() throws {
    let service = try Self.service()
    let raw = service.respond(to: Self.post("/api/classify?" + Self.labels))
    let json = Data(
      ("{\"labels\": [\"normal\", \"glaucoma\", \"drusen\"], \"image\": \""
        + Self.image.base64EncodedString() + "\"}").utf8)
    var form = Data("--b\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n".utf8)
    form += Self.image + Data("\r\n--b--\r\n".utf8)
    #expect(raw.status == 200)
    #expect(
      service.respond(to: Self.post("/api/classify", json, type: "application/json")).body
        == raw.body)
    #expect(
      service.respond(
        to: Self.post(
          "/api/classify?" + Self.labels, form, type: "multipart/form-data; boundary=b")
      ).body == raw.body)
  }

  @Test func independentLabelsAndKnowledge() throws {
    let service = try Self.service()
    let answer = try Self.json(
      service.respond(to: Self.post("/api/classify?labels=drusen&independent=true")))
    #expect(answer["independent"] as? Bool == true)
    #expect((answer["probabilities"] as? [Double])?.count == 1)
    let plain = service.respond(to: Self.post("/api/classify?" + Self.labels))
    let described = service.respond(
      to: Self.post("/api/classify?knowledge=builtin&" + Self.labels))
    #expect(described.status == 200 && described.body != plain.body)
  }

  @Test(arguments: [
    ("/api/classify", 400, "'labels' is missing"),
    ("/api/classify?labels=a", 400, "at least two"),
    ("/api/classify?labels=a;A", 400, "twice"),
    ("/api/classify?labels=a;b&lables=c", 400, "did you mean 'labels'"),
    ("/api/classify?labels=a;b&prompt=none", 400, "[CLS]"),
    ("/api/classify?labels=a;b&knowledge=/etc/passwd", 400, "'knowledge' must be"),
    ("/api/classify?labels=normal&independent=true", 400, "not a finding"),
    ("/api/classify/", 404, "there is no"), ("/../etc/passwd", 404, "there is no"),
    ("/api/model", 405, "answers GET"), ("/api/search", 404, "no index"),
    ("/api/explain", 400, "either 'label'"),
    ("/api/explain?label=a&size=9999999", 400, "'size' must be"),
    ("/api/explain?label=a&output=pdf", 400, "'output' must be"),
  ])
  func wrongRequestsAreRefused(target: String, status: Int, text: String) throws {
    let response = try Self.service().respond(to: Self.post(target))
    #expect(response.status == status)
    let answer = try Self.json(response)
    #expect((answer["error"] as? String)?.contains(text) == true, "\(answer)")
    #expect(answer["status"] as? Int == status)
  }

  @Test func methodsThatDoNotFitNameTheOthers() throws {
    let response = try Self.service().respond(to: Self.get("/api/classify"))
    #expect(response.status == 405)
    #expect(response.headers.contains { $0.name == "Allow" && $0.value == "POST" })
  }

  @Test func unusableImagesAreRefused() throws {
    let service = try Self.service { $0.limits.pixels = 5000 }
    func status(_ data: Data) -> Int {
      service.respond(to: Self.post("/api/classify?" + Self.labels, data)).status
    }
    #expect(status(Self.image) == 413)
    #expect(status(Data("GIF89a".utf8)) == 415)
    #expect(status(Self.image.prefix(200)) == 413)
    let usual = try Self.service()
    for target in ["/api/classify?" + Self.labels, "/api/explain?label=drusen"] {
      for count in stride(from: 1, to: Self.image.count, by: 997) {
        let response = usual.respond(to: Self.post(target, Self.image.prefix(count)))
        #expect([400, 415].contains(response.status), "\(count) bytes")
      }
    }
  }

  @Test(arguments: [
    ("localhost", 200), ("LOCALHOST:99", 200), ("127.0.0.1:1", 200), ("127.8.9.1", 200),
    ("[::1]:8000", 200), ("camera.example", 200), ("attacker.example:8000", 403),
    ("127.0.0.1.attacker.example", 403), ("192.168.1.5", 403), ("localhost.attacker.example", 403),
    ("[::2]", 403), ("", 400),
  ])
  func namesOfOtherHostsAreRefused(host: String, status: Int) throws {
    let service = try Self.service { $0.hosts.names = ["camera.example"] }
    let request = ServiceRequest(target: "/healthz", headers: [("host", host)])
    #expect(service.respond(to: request).status == status)
  }

  @Test func pagesOfOtherSitesAreRefused() throws {
    let service = try Self.service()
    func status(_ headers: [(name: String, value: String)], _ target: String = "/healthz") -> Int {
      service.respond(to: ServiceRequest(target: target, headers: Self.host + headers)).status
    }
    #expect(status([("Origin", "http://127.0.0.1:8000")]) == 200)
    #expect(status([("Origin", "http://attacker.example")]) == 403)
    #expect(status([("Origin", "null")]) == 403)
    #expect(status([("Sec-Fetch-Site", "cross-site")]) == 403)
    #expect(status([("Sec-Fetch-Site", "cross-site")], "/") == 200)
    #expect(status([("Sec-Fetch-Site", "same-origin")]) == 200)
    #expect(status(Self.host) == 400)
    #expect(service.respond(to: ServiceRequest(target: "/healthz")).status == 400)
    let open = try Self.service { $0.hosts.isLoopback = false }
    let far = ServiceRequest(target: "/healthz", headers: [("Host", "192.168.1.5:8000")])
    #expect(open.respond(to: far).status == 200)
  }

  @Test func thePageRunsOnlyItsOwnScript() throws {
    let page = try Self.service().respond(to: Self.get("/"))
    let policy = try #require(
      page.headers.first { $0.name == "Content-Security-Policy" }?.value)
    #expect(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"))
    let text = String(decoding: page.body, as: UTF8.self)
    #expect(text.contains("not a medical device"))
    #expect(!text.contains("http://") && !text.contains("https://"))
    #expect(!text.contains(" style=\"") && !text.contains(" onclick="))
    for response in [page, try Self.service().respond(to: Self.get("/nothing"))] {
      #expect(
        response.headers.contains { $0.name == "X-Content-Type-Options" && $0.value == "nosniff" })
      #expect(!response.headers.contains { $0.name.hasPrefix("Access-Control") })
    }
  }

  @Test func mapsAreImagesOrNumbers() throws {
    let service = try Self.service()
    let overlay = service.respond(to: Self.post("/api/explain?label=drusen&size=64"))
    #expect(overlay.headers.contains { $0.name == "Content-Type" && $0.value == "image/png" })
    let shown = try FundusImage(decoding: overlay.body, name: "map")
    #expect(shown.width == 64 && shown.height == 64)
    let figure = service.respond(to: Self.post("/api/explain?text=drusen&output=figure"))
    #expect(try FundusImage(decoding: figure.body, name: "figure").height > 96)
    let answer = try Self.json(
      service.respond(
        to: Self.post("/api/explain?label=drusen&against=nothing&output=json&size=64")))
    #expect((answer["map"] as? [Double])?.isEmpty == false)
    #expect((answer["against"] as? [String])?.isEmpty == true)
    #expect((answer["text"] as? String)?.contains("drusen") == true)
  }

  @Test func mapsAreThoseOfTheLibrary() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).png")
    try Self.image.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let photograph = try Photograph(
      contentsOf: file, preprocessing: Self.model.configuration.preprocessing)
    let encoder = KeepFITTransferModel(Self.model)
    let prompts = ["drusen", "normal"].map {
      PromptTemplates.prompt(Self.model.configuration.caption, category: $0)
    }
    let map = try Explanation.gradientWeighted(
      photograph.pixels, content: photograph.content,
      query: .init(prompts[0], against: [prompts[1]], model: encoder), model: encoder)
    let answer = try Self.json(
      Self.service().respond(to: Self.post("/api/explain?label=drusen&output=json")))
    #expect((answer["map"] as? [Double])?.map { Float($0) } == map.map)
    #expect((answer["score"] as? Double).map { Float($0) } == map.score)
    let overlay = try #require((answer["overlay"] as? String).flatMap { Data(base64Encoded: $0) })
    #expect(overlay == map.overlay(on: photograph).pngData())
  }

  @Test func anAdapterBringsItsLabels() throws {
    let probe = LinearProbe(
      weights: (0..<16).map { Double($0 % 5) - 2 }, intercepts: [0.25], classCount: 2,
      featureCount: 16)
    let adapter = Adapter(
      .linearProbe, classifier: probe, classes: ["normal", "glaucoma"], projects: true,
      model: KeepFITTransferModel(Self.model).fingerprint, experiment: "test")
    let service = try Self.service { $0.adapter = adapter }
    let answer = try Self.json(service.respond(to: Self.post("/api/classify")))
    #expect(answer["labels"] as? [String] == ["normal", "glaucoma"])
    #expect(service.respond(to: Self.post("/api/classify?" + Self.labels)).status == 400)
    #expect(service.respond(to: Self.post("/api/explain?label=glaucoma")).status == 200)
    #expect(service.respond(to: Self.post("/api/explain?label=drusen")).status == 400)
    let model = try Self.json(service.respond(to: Self.get("/api/model")))
    #expect((model["adapter"] as? [String: Any])?["labels"] as? [String] == ["normal", "glaucoma"])
  }

  @Test func onlyImagesOfTheIndexRootAreShown() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = folder.appending(path: "root")
    try FileManager.default.createDirectory(
      at: root.appending(path: "a"), withIntermediateDirectories: true)
    try Self.image.write(to: root.appending(path: "a/1.png"))
    try Self.image.write(to: folder.appending(path: "secret.png"))
    try Data("no image".utf8).write(to: root.appending(path: "notes.png"))
    try FileManager.default.createSymbolicLink(
      at: root.appending(path: "link.png"), withDestinationURL: folder.appending(path: "secret.png")
    )
    let sources = [
      "a/1.png", "/elsewhere/a/1.png", "../secret.png", folder.path + "/secret.png", "link.png",
      "notes.png", "gone.png",
    ]
    var stream = RandomStream(seed: 3)
    let rows = Tensor((0..<7 * 16).map { _ in stream.normal() }, shape: [7, 16])
    let service = try Self.service {
      $0.index = try EmbeddingIndex(rows, sources: sources)
      $0.indexRoot = root
    }
    let statuses = (0..<7).map {
      service.respond(to: Self.get("/api/thumbnail?index=\($0)&size=32")).status
    }
    #expect(statuses == [200, 200, 404, 404, 404, 404, 404])
    for target in ["index=7", "index=-1", "index=..%2Fsecret.png", "index=0&path=a", ""] {
      #expect(service.respond(to: Self.get("/api/thumbnail?" + target)).status == 400, "\(target)")
    }
    let answer = try Self.json(service.respond(to: Self.post("/api/search?count=7")))
    let matches = try #require(answer["matches"] as? [[String: Any]])
    #expect(matches.count == 7)
    #expect(matches.allSatisfy { ($0["source"] as? String)?.contains("/") == false })
    #expect(Set(matches.compactMap { $0["thumbnail"] as? String }).count == 3)
    #expect(service.respond(to: Self.get("/api/search?text=drusen&count=2")).status == 200)
    #expect(service.respond(to: Self.get("/api/search")).status == 400)
  }

  @Test func anIndexOfAnotherModelIsRefused() throws {
    let index = try EmbeddingIndex(Tensor(zeros: [2, 8]))
    #expect(throws: TransferError.self) { try Self.service { $0.index = index } }
  }
}
