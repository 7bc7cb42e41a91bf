import Foundation
import FundusTensor

/// The `config.json` of a model directory: every key has an effect or is refused.
enum ConfigurationFile {
  /// Parses a configuration.
  /// - Parameters:
  ///   - json: the bytes of the file.
  ///   - source: the file's name in errors.
  ///   - others: keys that are accepted besides those that the configuration itself writes, by the path of their
  ///     object.
  ///   - check: the first thing that is wrong with the file's content, or nil.
  /// - Throws: `CheckpointError` that names the key.
  static func decode<Configuration: Codable>(
    _ type: Configuration.Type, json: [UInt8], source: String, others: [String: [String]],
    check: (JSONValue) -> String?
  ) throws(CheckpointError) -> Configuration {
    do {
      let value = try JSONValue(parsing: json)
      guard value.members != nil else {
        throw CheckpointError(
          .malformed, file: source, "a configuration must be an object, not \(value.kind)")
      }
      if let problem = check(value) { throw CheckpointError(.malformed, file: source, problem) }
      let configuration = try JSONDecoder().decode(type, from: Data(json))
      let written = try JSONValue(parsing: Array(JSONText.encode(configuration).utf8))
      if let stray = value.unknownKey(known: written, others: others) {
        throw CheckpointError(.malformed, file: source, stray.description)
      }
      return configuration
    } catch let error as CheckpointError {
      throw error
    } catch let error as DecodingError {
      throw CheckpointError(.malformed, file: source, text(of: error))
    } catch {
      throw CheckpointError(.malformed, file: source, "\(error)")
    }
  }

  /// The text of a configuration file.
  static func text(of configuration: some Encodable) -> String {
    guard let text = try? JSONText.encode(configuration, pretty: true) else {
      preconditionFailure("a valid configuration")
    }
    return text + "\n"
  }

  /// What is wrong with a member, and where it stands.
  private static func text(of error: DecodingError) -> String {
    let (context, text): (DecodingError.Context, String) =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .dataCorrupted(let context):
        (context, context.debugDescription)
      case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
      @unknown default: (.init(codingPath: [], debugDescription: ""), "\(error)")
      }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return "'\(path)': \(text)".quotable(limit: 300)
  }
}
