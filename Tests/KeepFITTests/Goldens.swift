import Foundation

/// Small reference files, written by the scripts in `Scripts/goldens`.
enum Goldens {
  static func url(_ name: String) -> URL {
    Bundle.module.resourceURL!.appendingPathComponent("Goldens").appendingPathComponent(name)
  }

  /// A JSON reference; a file named by the environment variable takes its place for long checks.
  static func json<Value: Decodable>(
    _ type: Value.Type, _ name: String, orFileIn variable: String? = nil
  ) throws -> Value {
    let environment = ProcessInfo.processInfo.environment
    let file = variable.flatMap { environment[$0] }.map { URL(fileURLWithPath: $0) } ?? url(name)
    return try JSONDecoder().decode(type, from: Data(contentsOf: file))
  }
}
