import Foundation
import KeepFIT

extension FuzzTarget {
  /// The readers of what browsers and scripts send to `keepfit serve`.
  static func requests() -> [FuzzTarget] {
    let query =
      "labels=normal%3Bglaucoma&prompt=A+photograph+of+%5BCLS%5D&independent=true&name=%C3%A9.jpg"
    let boundary = "----keepfit7MA4YWxk"
    let form =
      "--\(boundary)\r\nContent-Disposition: form-data; name=\"labels\"\r\n\r\nnormal;glaucoma\r\n"
      + "--\(boundary)\r\nContent-Disposition: form-data; name=\"image\"; filename=\"left \\\"1\\\".png\"\r\n"
      + "Content-Type: image/png\r\n\r\n\u{0}\r\n--PNG\r\n--\(boundary)--\r\n"
    let json =
      #"{"image": "iVBORw0KGgo=", "labels": ["normal", "glaucoma"], "independent": false, "count": 3}"#
    let words = ["%", "%00", "%FF", "&", "=", "+", ";", "labels", "image", "\r\n", "\"", "\\"]
    return [
      FuzzTarget("http-query", seeds: [Array(query.utf8)], words: words) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        try use(RequestParameters(ServiceRequest(target: "/api/classify?" + text)))
      },
      FuzzTarget(
        "http-form", seeds: [Array(form.utf8)],
        words: words + ["--\(boundary)", "--\(boundary)--", "name=", "filename=", "form-data"]
      ) { bytes in
        try use(
          RequestParameters(
            ServiceRequest(
              method: "POST", target: "/api/classify",
              headers: [("Content-Type", "multipart/form-data; boundary=\(boundary)")],
              body: Data(bytes))))
      },
      FuzzTarget("http-json", seeds: [Array(json.utf8)], words: words + ["[", "{", "\\u", "1e"]) {
        try use(
          RequestParameters(
            ServiceRequest(
              method: "POST", target: "/api/classify",
              headers: [("content-type", "application/json")], body: Data($0))))
      },
    ]
  }

  /// Reads every parameter as the service does.
  private static func use(_ parameters: RequestParameters) throws {
    try parameters.allow(["labels", "prompt", "independent", "name", "count"])
    _ = try parameters.list("labels", count: 10, length: 40)
    _ = try parameters.one("prompt", limit: 100)
    _ = try parameters.one("name", limit: 100)
    _ = try parameters.choice("independent", of: ["true", "false"])
    _ = try parameters.integer("count", in: 1...10)
    _ = parameters.image?.count
  }
}
