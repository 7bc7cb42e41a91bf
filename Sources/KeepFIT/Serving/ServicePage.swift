import Foundation

/// The page of ``InferenceService``: one HTML text whose script and style are allowed by their digests, so that the
/// browser runs nothing else.
enum ServicePage {
  static let response: ServiceResponse = {
    let bytes = PackageResources.serve_html
    let text = String(decoding: bytes, as: UTF8.self)
    let policy = [
      "default-src 'none'", "script-src \(source(of: "script", in: text))",
      "style-src \(source(of: "style", in: text))", "img-src 'self' blob: data:",
      "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ]
    return ServiceResponse(
      type: "text/html; charset=utf-8", body: Data(bytes), policy: policy.joined(separator: "; "))
  }()

  /// The digest of an element's content, as a policy names it.
  private static func source(of element: String, in text: String) -> String {
    guard let start = text.range(of: "<\(element)>"), let end = text.range(of: "</\(element)>")
    else { preconditionFailure("the resource serve.html has no \(element)") }
    let content = text[start.upperBound..<end.lowerBound]
    return "'sha256-\(Data(SHA256.digest(Array(content.utf8))).base64EncodedString())'"
  }
}
