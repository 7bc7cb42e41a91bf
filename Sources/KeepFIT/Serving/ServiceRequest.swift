import Foundation

/// An HTTP request as a listener received it, for ``InferenceService``.
public struct ServiceRequest: Sendable {
  /// The method, such as `POST`.
  public var method: String
  /// The target of the request line, such as `/api/classify?labels=normal%3Bglaucoma`.
  public var target: String
  /// The headers, in the order in which they came.
  public var headers: [(name: String, value: String)]
  /// The body; empty for none.
  public var body: Data

  /// Creates a request.
  public init(
    method: String = "GET", target: String, headers: [(name: String, value: String)] = [],
    body: Data = Data()
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
  }

  /// The part of the target before the query.
  var path: Substring { target.prefix { $0 != "?" } }

  /// The part of the target after the first question mark.
  var query: Substring { target.dropFirst(path.count).dropFirst() }

  /// The values of a header, whatever the capitals of its name.
  func values(of header: String) -> [String] {
    headers.filter { $0.name.lowercased() == header.lowercased() }.map(\.value)
  }

  /// The value of a header that may occur once.
  /// - Throws: ``ServiceError`` if it occurs several times.
  func value(of header: String) throws(ServiceError) -> String? {
    let found = values(of: header)
    guard found.count < 2 else { throw ServiceError(400, "the header \(header) occurs twice") }
    return found.first
  }
}
