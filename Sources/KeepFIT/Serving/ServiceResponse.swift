import Foundation

/// The answer of ``InferenceService`` to a request.
public struct ServiceResponse: Sendable {
  /// The HTTP status code.
  public var status: Int
  /// The headers, without `Content-Length` and `Date`.
  public var headers: [(name: String, value: String)]
  /// The body.
  public var body: Data

  /// An answer with the headers that every answer has: it is not stored, not embedded in other sites and not
  /// interpreted as another type.
  init(
    _ status: Int = 200, type: String, body: Data, policy: String = Self.closedPolicy,
    headers: [(name: String, value: String)] = []
  ) {
    self.status = status
    self.body = body
    self.headers =
      [
        ("Content-Type", type), ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
      ] + headers
  }

  /// The content security policy of everything but the page.
  static let closedPolicy = "default-src 'none'; frame-ancestors 'none'"

  static func json(_ value: JSONValue, status: Int = 200) -> ServiceResponse {
    ServiceResponse(
      status, type: "application/json; charset=utf-8", body: Data((value.serialized() + "\n").utf8))
  }

  /// An error as JSON: `{"error": TEXT, "status": CODE}`.
  /// - Parameters:
  ///   - status: the HTTP status code.
  ///   - message: what is wrong, on one line.
  public static func error(_ status: Int, _ message: String) -> ServiceResponse {
    json(
      .object([.init("error", .string(message)), .init("status", .integer(status))]),
      status: status)
  }
}

/// A request that is refused.
package struct ServiceError: Error, CustomStringConvertible {
  /// The HTTP status code.
  package let status: Int
  /// What is wrong, on one line.
  package let description: String
  /// The methods that are allowed, for status 405.
  let allowed: String?

  init(_ status: Int, _ description: String, allowed: String? = nil) {
    self.status = status
    self.description = description
    self.allowed = allowed
  }

  /// The error for a file that is not a usable image.
  init(_ error: ImageError) {
    switch error {
    case .unknownFormat: self.init(415, error.description)
    case .tooLarge(let name, let width, let height, let limit):
      self.init(
        413, "\(name): \(width) x \(height) pixels exceed this server's limit of \(limit)")
    default: self.init(400, error.description)
    }
  }

  var response: ServiceResponse {
    var response = ServiceResponse.error(status, description)
    if let allowed { response.headers.append(("Allow", allowed)) }
    return response
  }
}
