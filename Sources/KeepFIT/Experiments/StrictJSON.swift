import Foundation
import FundusTensor
import MMRetinalData

/// JSON files that a user writes: every key has an effect or is refused.
enum StrictJSON {
  /// Decodes a file. Duplicate keys, which Foundation silently accepts, are errors; types refuse keys that
  /// they do not know with ``Swift/Decoder/refuseUnknownKeys(known:in:)``.
  /// - Parameters:
  ///   - type: the type of the content.
  ///   - url: the file.
  ///   - name: the file's name in errors.
  ///   - what: what the file holds, such as "the experiment".
  /// - Throws: ``TransferError/invalid(_:)``.
  static func decode<Value: Decodable>(
    _ type: Value.Type, contentsOf url: URL, name: String, what: String
  ) throws(TransferError) -> Value {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw .invalid("\(name): \(what) cannot be read")
    }
    do {
      _ = try JSONValue(parsing: [UInt8](data))
      return try JSONDecoder().decode(type, from: data)
    } catch let error as JSONValue.ParseError {
      throw .invalid("\(name): not a JSON object: \(error.description)")
    } catch {
      throw .invalid("\(name): \(reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { key in key.intValue.map { "\($0)" } ?? key.stringValue }
        .joined(separator: ".")
    }
    return switch error {
    case DecodingError.keyNotFound(let key, let context):
      "'\((context.codingPath.isEmpty ? "" : path(context) + ".") + key.stringValue)' is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "'\(path(context))' has the wrong type"
    case DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty ? "not a JSON object" : context.debugDescription
    default: "\(error)"
    }
  }
}

extension Decoder {
  /// Refuses keys of the object at this place that have no effect.
  /// - Parameters:
  ///   - known: the keys that have one.
  ///   - what: the object in errors, such as "an experiment".
  /// - Throws: `DecodingError` naming the first unknown key, with a suggestion.
  func refuseUnknownKeys(known: [String], in what: String) throws {
    let found = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    guard let stray = found.sorted().first(where: { !known.contains($0) }) else { return }
    let hint =
      Suggestions.nearest(to: stray, among: known).map { "did you mean '\($0)'?" }
      ?? "known keys of \(what) are " + known.map { "'\($0)'" }.joined(separator: ", ")
    throw DecodingError.dataCorrupted(
      .init(
        codingPath: codingPath + [AnyKey(stringValue: stray)],
        debugDescription: "unknown key '\(stray)'; \(hint)"))
  }
}

private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
