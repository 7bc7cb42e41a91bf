import Foundation
import KeepFIT

/// `keepfit serve`
struct ServeCommand: Subcommand {
  static let name = "serve"
  static let summary =
    "Serve a local page, and a JSON interface for scripts, that classifies images."
  static let discussion = """
      keepfit serve --model model
      keepfit serve --model model --index index.safetensors --index-root photographs --port 8080

    Open the printed address in a browser: choose a photograph, type labels, and see probabilities, saliency
    maps and, with --index, the most similar images. Scripts use the same address:

      curl -H "Content-Type: image/jpeg" --data-binary @photograph.jpg \\
        "http://127.0.0.1:8000/api/classify?labels=normal%3Bglaucoma"

    Docs/serve.md describes the interface. Nothing that is uploaded is stored. Only this machine can reach the
    server unless --host says otherwise; there is neither encryption nor a login.

    Exit codes besides 0, 1 and 2: 130 after SIGINT (Ctrl+C) and 143 after SIGTERM; running requests are
    answered first.
    """

  let models = ModelOptions()
  let port = Option<Int>(
    "port", "N", default: 8000, in: 0...65535, help: "Port; 0 for any free one, which is printed.")
  let host = Option<String>(
    "host", "ADDRESS", default: "127.0.0.1",
    help: "Numeric address to listen at; 0.0.0.0 for all networks, without encryption or login.")
  let allowedHosts = RepeatedOption<String>(
    "allow-host", "NAME",
    help: "Further host name by which browsers may address the server (repeatable).")
  let adapter = Option<FilePath>(
    "adapter", "DIR",
    help: "Classify with an adapter written by 'transfer --save-adapters'; it contains its labels.")
  let conformal = Option<Double>(
    "conformal", "ALPHA", in: 0.001...0.5,
    help: "Add conformal prediction sets (for an adapter saved with validation images).")
  let knowledge = KnowledgeOptions(defaultTable: "none")
  let index = Option<FilePath>(
    "index", "F.safetensors", help: "Embeddings of images, written by 'embed', to search.")
  let indexRoot = Option<FilePath>(
    "index-root", "DIR",
    help:
      "Directory with the images of --index, to show them; without it only file names are shown.")
  let images = ImageOptions()
  let precision = PrecisionOptions()
  let maximumUpload = Option<Int>(
    "max-upload", "MIB", default: 32, in: 1...1024, help: "Largest upload in MiB.")
  let maximumPixels = Option<Int>(
    "max-pixels", "MILLIONS", default: 100, in: 1...178,
    help: "Largest image in millions of pixels.")
  let connections = Option<Int>(
    "connections", "N", default: 256, in: 2...900, help: "Connections at a time; others wait.")
  let queue = Option<Int>(
    "queue", "N", default: 128, in: 1...10_000,
    help: "Requests that wait for a thread; further ones are refused with status 503.")
  let timeout = Option<Int>(
    "timeout", "SECONDS", default: 60, in: 1...3600,
    help: "Time for a request to arrive, and for its answer to be read.")
  let common = CommonOptions()

  /// The address to listen at.
  private var address: String { host.value == "localhost" ? "127.0.0.1" : host.value }

  func validate() throws {
    #if !Serve
      throw CommandError.usage(
        "this keepfit was built without its HTTP server; install libmicrohttpd-dev (Homebrew: libmicrohttpd) and "
          + "build it with 'swift build -c release --traits Serve --product keepfit'")
    #else
      try precision.validate()
      guard HostRule.isNumeric(address) else {
        throw CommandError.usage(
          "--host '\(host.value)' is not a numeric address such as 127.0.0.1, 0.0.0.0 or ::1")
      }
      for name in allowedHosts.values where name.isEmpty || name.contains(where: ":/ ".contains) {
        throw CommandError.usage(
          "--allow-host '\(name)' must be a host name, without scheme and port")
      }
      if adapter.given != nil {
        try refuseIdle(knowledge, reason: "with --adapter, which uses no text")
      } else {
        try refuseIdle(conformal, reason: "without --adapter DIR: it needs validation images")
      }
      guard let root = indexRoot.given else { return }
      guard index.given != nil else {
        throw CommandError.usage("--index-root has no effect without --index FILE")
      }
      try root.checkDirectory("--index-root")
    #endif
  }

  func run() throws {
    #if Serve
      let service = try service()
      service.warmUp()
      let stop = StopRequest()
      stop.listenToSignals()
      let server = try HTTPServer(
        .init(
          address: address, port: port.value, connections: connections.value,
          seconds: timeout.value, uploadBytes: maximumUpload.value << 20, queue: queue.value))
      if !HostRule.isLoopback(address) {
        Console.warn(
          "--host \(host.value): everyone who can reach this machine can use the server; there is neither "
            + "encryption nor a login")
      }
      server.answer(threads: max(1, min(4, ThreadPool.threadCount))) { service.respond(to: $0) }
      let name = address.contains(":") ? "[\(address)]" : address
      Console.print("Serving at http://\(name):\(server.port)/")
      Console.note("Press Ctrl+C to stop.")
      while !stop.isMade { Thread.sleep(forTimeInterval: 0.05) }
      server.stop(within: 20)
      throw CommandError.interrupted(
        by: stop.signalNumber, "after \(Pretty.count(server.answeredCount, "request"))")
    #endif
  }

  private func service() throws -> InferenceService {
    let model = try models.load()
    let fitted = try adapter.given.map { try Adapter(contentsOf: $0.url) }
    try precision.apply(to: model, of: models.model.value, adapter: fitted)
    var settings = InferenceService.Settings(modelName: models.model.value.url.lastPathComponent)
    settings.version = CommandTable.version
    settings.preprocessing = try images.preprocessing(for: model, adapter: fitted)
    settings.prompt = knowledge.prompt.given
    if let table = try knowledge.table() {
      let isBuiltin = knowledge.knowledge.value == "builtin"
      settings.defaultKnowledge = isBuiltin ? "builtin" : "file"
      if !isBuiltin { settings.knowledge = ("file", table) }
    }
    settings.adapter = fitted
    settings.errorRate = conformal.given
    settings.precision = precision.precision.value.rawValue
    settings.index = try index.given.map { try EmbeddingIndex(contentsOf: $0.url) }
    settings.indexRoot = indexRoot.given?.url
    settings.limits.uploadBytes = maximumUpload.value << 20
    settings.limits.pixels = maximumPixels.value * 1_000_000
    let isLoopback = HostRule.isLoopback(address)
    settings.hosts = HostRule(
      isLoopback: isLoopback,
      names: allowedHosts.values + (isLoopback ? [] : [ProcessInfo.processInfo.hostName]))
    let service = try InferenceService(model, settings: settings)
    if let root = indexRoot.given, service.availableIndexImages() == 0 {
      throw CommandError.usage(
        "--index-root \(root.text): contains none of the first images of --index; give the directory that they "
          + "lie in")
    }
    return service
  }
}
