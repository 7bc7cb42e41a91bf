import Foundation
import KeepFIT
import Testing

@Suite struct RequestParametersTests {
  static func request(
    _ query: String = "", type: String? = nil, body: String = ""
  ) -> ServiceRequest {
    ServiceRequest(
      method: "POST", target: "/api/classify" + (query.isEmpty ? "" : "?" + query),
      headers: type.map { [("Content-Type", $0)] } ?? [], body: Data(body.utf8))
  }

  /// The status and the text with which a request is refused.
  static func refusal(_ request: ServiceRequest) -> (status: Int, text: String)? {
    do {
      _ = try RequestParameters(request)
      return nil
    } catch { return (error.status, error.description) }
  }

  static let form = "multipart/form-data; boundary=\"x y\""

  static func part(_ header: String, _ content: String) -> String {
    "--x y\r\nContent-Disposition: form-data; \(header)\r\n\r\n\(content)\r\n"
  }

  @Test func queriesAreDecoded() throws {
    let pairs = try QueryText.pairs(of: "a=1%2B1+2&b=%C3%A9&c&a=")
    #expect(pairs.map(\.name) == ["a", "b", "c", "a"])
    #expect(pairs.map(\.value) == ["1+1 2", "é", "", ""])
    #expect(try QueryText.pairs(of: "").isEmpty)
  }

  @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%FF", "a=%00", "=1", "a=1&&b=2"])
  func brokenQueriesAreRefused(query: String) {
    #expect(Self.refusal(Self.request(query))?.status == 400)
  }

  @Test func formsAreRead() throws {
    let body =
      Self.part("name=\"labels\"", "normal; glaucoma")
      + Self.part("name=image; filename=\"left \\\"1\\\".png\"", "\r\n--x\r\n--x z\u{0}")
      + "--x y--\r\n"
    let parameters = try RequestParameters(Self.request(type: Self.form, body: body))
    #expect(try parameters.list("labels", count: 9, length: 9) == ["normal", "glaucoma"])
    #expect(parameters.image == Data("\r\n--x\r\n--x z\u{0}".utf8))
    #expect(parameters.imageName == "left \"1\".png")
  }

  @Test func truncatedFormsAreRefused() {
    let whole =
      Self.part("name=\"labels\"", "a;b") + Self.part("name=\"image\"; filename=\"a\"", "PNG")
      + "--x y--"
    #expect(Self.refusal(Self.request(type: Self.form, body: whole)) == nil)
    for count in 1..<whole.count {
      let refusal = Self.refusal(Self.request(type: Self.form, body: String(whole.prefix(count))))
      #expect(refusal?.status == 400, "\(count)")
    }
  }

  @Test(arguments: [
    ("multipart/form-data", "--x", "has no boundary"),
    ("multipart/form-data; boundary=", "--x", "boundary of 1 to 70"),
    (form, "preamble", "does not begin"),
    (form, part("name=\"image\"", "a") + part("name=\"image\"", "b") + "--x y--", "two images"),
    (form, "--x y\r\nContent-Type: text/plain\r\n\r\na\r\n--x y--", "has no name"),
    (form, part("name=\"labels\"; name=\"image\"", "a") + "--x y--", "twice"),
    (form, part("name=\"labels", "a") + "--x y--", "broken parameter"),
    ("application/json", "[1]", "must be a JSON object"),
    ("application/json", "{\"labels\": {}}", "must be a text"),
    ("application/json", "{\"image\": \"!\"}", "in base64"),
    ("application/json", "{\"a\": 1, \"a\": 2}", "occurs twice"),
    ("application/json", "{", "JSON text"),
  ])
  func brokenBodiesAreRefused(type: String, body: String, text: String) throws {
    let refusal = try #require(Self.refusal(Self.request(type: type, body: body)))
    #expect(refusal.status == 400)
    #expect(refusal.text.contains(text), "\(refusal.text)")
  }

  @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "application/pdf"])
  func otherTypesAreRefused(type: String) {
    #expect(Self.refusal(Self.request(type: type, body: "a"))?.status == 415)
  }

  @Test func jsonIsRead() throws {
    let parameters = try RequestParameters(
      Self.request(
        type: "application/json; charset=utf-8",
        body:
          "{\"image\": \"AAEC\", \"labels\": [\"a\", \"b\"], \"independent\": true, \"count\": 3}"))
    #expect(parameters.image == Data([0, 1, 2]))
    #expect(try parameters.list("labels", count: 2, length: 1) == ["a", "b"])
    #expect(try parameters.one("independent", limit: 5) == "true")
    #expect(try parameters.integer("count", in: 1...3) == 3)
  }

  @Test func aParameterHasOnePlace() {
    let twice = Self.request("labels=a;b", type: "application/json", body: "{\"labels\": \"a;b\"}")
    #expect(Self.refusal(twice)?.text.contains("in the query and in the body") == true)
    #expect(Self.refusal(Self.request("image=a"))?.status == 400)
  }

  @Test func valuesHaveLimits() throws {
    let parameters = try RequestParameters(
      Self.request("labels=a;b;c&name=abc&name=d&prompt=a%0Ab&count=4&long=abcd&empty=a;;b"))
    #expect(throws: ServiceError.self) { try parameters.list("labels", count: 2, length: 9) }
    #expect(throws: ServiceError.self) { try parameters.one("name", limit: 9) }
    #expect(throws: ServiceError.self) { try parameters.one("prompt", limit: 9) }
    #expect(throws: ServiceError.self) { try parameters.one("long", limit: 3) }
    #expect(throws: ServiceError.self) { try parameters.integer("count", in: 1...3) }
    #expect(throws: ServiceError.self) { try parameters.integer("long", in: 1...3) }
    #expect(throws: ServiceError.self) { try parameters.list("empty", count: 5, length: 9) }
    #expect(throws: ServiceError.self) { try parameters.allow(["labels"]) }
  }
}
