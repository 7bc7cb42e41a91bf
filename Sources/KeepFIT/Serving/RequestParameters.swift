import Foundation

/// The image and the parameters of a request, from its query and its body: image bytes, a form or JSON.
package struct RequestParameters {
  /// The image file; nil for none.
  package private(set) var image: Data?
  /// The file name that came with the image.
  package private(set) var imageName: String?
  private var values: [String: [String]] = [:]

  /// - Throws: ``ServiceError`` for malformed input, a type of body that is not supported, and a parameter that
  ///   is given in two ways.
  package init(_ request: ServiceRequest) throws(ServiceError) {
    for (name, value) in try QueryText.pairs(of: request.query) {
      guard name != "image" else {
        throw ServiceError(
          400, "the image belongs into the body of the request, not into its query")
      }
      values[name, default: []].append(value)
    }
    guard !request.body.isEmpty else { return }
    let text = try request.value(of: "Content-Type") ?? ""
    let type = text.isEmpty ? nil : try HeaderValue(text, name: "Content-Type")
    switch type?.value {
    case nil, "application/octet-stream": image = request.body
    case let name? where name.hasPrefix("image/"): image = request.body
    case "multipart/form-data":
      guard let boundary = type?.parameters["boundary"] else {
        throw ServiceError(400, "multipart/form-data has no boundary")
      }
      try add(MultipartForm(parsing: request.body, boundary: boundary))
    case "application/json": try add(json: request.body)
    case let other?:
      throw ServiceError(
        415,
        "the body has the type '\(other.quotable(limit: 60))'; send the image as image/jpeg, image/png, image/tiff or "
          + "application/octet-stream, a form as multipart/form-data, or application/json")
    }
  }

  private mutating func add(_ form: MultipartForm) throws(ServiceError) {
    var added: [String: [String]] = [:]
    for part in form.parts {
      if part.name == "image" {
        guard image == nil else {
          throw ServiceError(400, "the form has two images; send one image per request")
        }
        image = part.content
        imageName = part.fileName
        continue
      }
      guard let text = String(validating: part.content, as: UTF8.self) else {
        throw ServiceError(
          400, "the field '\(part.name.quotable(limit: 40))' of the form is not UTF-8 text")
      }
      added[part.name, default: []].append(text)
    }
    for (name, texts) in added { try add(name, texts) }
  }

  private mutating func add(json body: Data) throws(ServiceError) {
    let members: [JSONValue.Member]
    do {
      let value = try JSONValue(parsing: [UInt8](body))
      guard let found = value.members else {
        throw ServiceError(400, "the body must be a JSON object, not \(value.kind)")
      }
      members = found
    } catch let error as JSONValue.ParseError {
      throw ServiceError(400, error.description)
    } catch let error as ServiceError {
      throw error
    } catch {
      throw ServiceError(400, "the body is not JSON")
    }
    for member in members {
      if member.name == "image" {
        guard let text = member.value.text, let data = Data(base64Encoded: text), !data.isEmpty
        else { throw ServiceError(400, "'image' must be the bytes of the file in base64") }
        image = data
        continue
      }
      let texts = (member.value.elements ?? [member.value]).map { value -> String? in
        switch value {
        case .string(let text): text
        case .bool(let isOn): isOn ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        default: nil
        }
      }
      guard !texts.contains(nil) else {
        throw ServiceError(
          400, "'\(member.name.quotable(limit: 40))' must be a text, a number or a list of texts")
      }
      // An empty list gives nothing.
      try add(member.name, texts.compactMap(\.self))
    }
  }

  private mutating func add(_ name: String, _ texts: [String]) throws(ServiceError) {
    guard values.updateValue(texts, forKey: name) == nil else {
      throw ServiceError(400, "'\(name.quotable(limit: 40))' is given in the query and in the body")
    }
  }

  // MARK: - Use

  /// Refuses parameters that have no effect.
  /// - Parameter names: those that have one.
  /// - Throws: ``ServiceError`` that names the first other one.
  package func allow(_ names: [String]) throws(ServiceError) {
    guard let stray = values.keys.sorted().first(where: { !names.contains($0) }) else { return }
    let near = Suggestions.nearest(to: stray, among: names)
    throw ServiceError(
      400,
      "unknown parameter '\(stray.quotable(limit: 40))'; "
        + (near.map { "did you mean '\($0)'?" }
          ?? "there are \(names.joined(separator: ", "))"))
  }

  /// Every value of a parameter.
  package func all(_ name: String) -> [String] { values[name] ?? [] }

  /// The value of a parameter that is given at most once.
  /// - Throws: ``ServiceError`` if it is given several times, is too long or contains control characters.
  package func one(_ name: String, limit: Int) throws(ServiceError) -> String? {
    let found = all(name)
    guard found.count < 2 else { throw ServiceError(400, "'\(name)' is given twice") }
    guard let text = found.first else { return nil }
    return try Self.checked(text, name: name, limit: limit)
  }

  /// A whole number within a range.
  package func integer(_ name: String, in range: ClosedRange<Int>) throws(ServiceError) -> Int? {
    guard let text = try one(name, limit: 40) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw ServiceError(
        400,
        "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not "
          + "'\(text.quotable(limit: 40))'")
    }
    return value
  }

  /// One of several words.
  package func choice(_ name: String, of words: [String]) throws(ServiceError) -> String? {
    guard let text = try one(name, limit: 40) else { return nil }
    guard words.contains(text) else {
      throw ServiceError(
        400,
        "'\(name)' must be \(words.joined(separator: " or ")), not '\(text.quotable(limit: 40))'")
    }
    return text
  }

  /// A list: repeated values, or one with semicolons.
  package func list(_ name: String, count: Int, length: Int) throws(ServiceError) -> [String]? {
    let given = all(name)
    guard !given.isEmpty else { return nil }
    let texts = given.flatMap { $0.components(separatedBy: ";") }.map {
      $0.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    guard texts.count <= count else {
      throw ServiceError(400, "'\(name)' has \(texts.count) entries; at most \(count) are allowed")
    }
    for text in texts {
      guard !text.isEmpty else { throw ServiceError(400, "'\(name)' has an empty entry") }
      _ = try Self.checked(text, name: name, limit: length)
    }
    return texts
  }

  private static func checked(
    _ text: String, name: String, limit: Int
  ) throws(ServiceError) -> String {
    guard text.unicodeScalars.count <= limit else {
      throw ServiceError(400, "'\(name)' has a text of more than \(limit) characters")
    }
    guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw ServiceError(400, "'\(name)' contains a control character")
    }
    return text
  }
}
