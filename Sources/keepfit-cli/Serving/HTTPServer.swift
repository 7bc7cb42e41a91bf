#if Serve
  import CHTTPServer
  import Foundation
  import KeepFIT
  import Synchronization

  /// An HTTP server that carries whole requests to a function and its answers back.
  ///
  /// Its handle is used as the C interface allows: by any thread, until ``stop(within:)``.
  final class HTTPServer: @unchecked Sendable {
    /// The limits of the transport.
    struct Settings {
      var address = "127.0.0.1"
      var port = 8000
      var connections = 256
      var seconds = 60
      var uploadBytes = 32 << 20
      var queue = 128
    }

    /// The port that it listens at.
    let port: Int
    private let server: OpaquePointer
    private let answered = Atomic<Int>(0)

    /// Starts to listen.
    /// - Throws: ``CommandError`` if the address or the port cannot be used.
    init(_ settings: Settings) throws(CommandError) {
      var limits = hs_settings()
      limits.port = UInt16(settings.port)
      limits.connections = UInt32(settings.connections)
      limits.seconds = UInt32(settings.seconds)
      limits.largest_body = settings.uploadBytes
      limits.most_memory = max(512 << 20, 2 * settings.uploadBytes)
      limits.queue = UInt32(settings.queue)
      let noLength = ServiceResponse.error(
        411, "a request with a body needs the header Content-Length")
      let tooLarge = ServiceResponse.error(
        413, "the body exceeds this server's limit of \(settings.uploadBytes) bytes")
      let busy = ServiceResponse.error(503, "the server is busy; try again in a second")
      let tooSlow = ServiceResponse.error(
        408, "the request did not arrive within \(settings.seconds) seconds")
      func text(_ response: ServiceResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
      }
      let headers = Self.list(busy.headers)
      var failure: Int32 = 0
      guard
        let server = hs_start(
          &limits, settings.address, headers, headers.count, text(noLength), text(tooLarge),
          text(busy), text(tooSlow), &failure)
      else {
        switch failure {
        case EADDRINUSE:
          throw .failure(
            "port \(settings.port) is in use; choose another with --port, or 0 for any")
        case EACCES:
          throw .failure(
            "port \(settings.port) needs special rights; choose one above 1023 with --port")
        case EADDRNOTAVAIL:
          throw .usage("--host \(settings.address): is not an address of this machine")
        default:
          throw .failure(
            "cannot listen at \(settings.address): \(String(cString: strerror(failure)))")
        }
      }
      self.server = server
      port = Int(hs_port(server))
    }

    /// Starts threads that answer requests: one for those without a body, so that the page and the health check
    /// do not wait for images, and `count` for all others.
    func answer(
      threads count: Int, _ respond: @escaping @Sendable (ServiceRequest) -> ServiceResponse
    ) {
      for number in 0...count {
        let thread = Thread { [self] in
          while let exchange = hs_take(server, number == 0 ? 0 : 1) {
            let response = respond(Self.request(exchange))
            let headers = Self.list(response.headers)
            response.body.withUnsafeBytes { body in
              hs_answer(
                exchange, UInt32(response.status), headers, headers.count, body.baseAddress,
                body.count)
            }
            answered.add(1, ordering: .relaxed)
          }
        }
        thread.name = "request \(number)"
        // Long computations need as much stack as on the main thread.
        thread.stackSize = 8 << 20
        thread.start()
      }
    }

    /// The number of requests that were answered, refusals left out.
    var answeredCount: Int { answered.load(ordering: .relaxed) }

    /// Stops to listen, and waits for the answers that are being worked out.
    func stop(within seconds: Int) { _ = hs_stop(server, UInt32(seconds)) }

    /// A request as Swift values; its body is freed on the side of the server.
    private static func request(_ exchange: OpaquePointer) -> ServiceRequest {
      var size = 0
      let texts = hs_headers(exchange, &size).map { Data(bytes: $0, count: size) } ?? Data()
      var words = texts.split(separator: 0, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
      if !words.isEmpty { words.removeLast() }
      let headers = stride(from: 0, to: words.count - 1, by: 2).map {
        (name: words[$0], value: words[$0 + 1])
      }
      let body = hs_body(exchange, &size).map { Data(bytes: $0, count: size) } ?? Data()
      hs_forget_body(exchange)
      return ServiceRequest(
        method: String(cString: hs_method(exchange)), target: String(cString: hs_target(exchange)),
        headers: headers, body: body)
    }

    /// Headers as the C interface takes them.
    private static func list(_ headers: [(name: String, value: String)]) -> [CChar] {
      headers.flatMap { Array($0.name.utf8CString) + Array($0.value.utf8CString) }
    }
  }
#endif
