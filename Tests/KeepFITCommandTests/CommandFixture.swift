import Foundation
import FundusSynthesis
import KeepFIT
import Testing

/// A tiny model, a few drawn images and a manifest, made once for all tests.
enum CommandFixture {
  /// A directory that the process leaves in the system's temporary files.
  static let folder: URL = {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("keepfit-command-tests-\(ProcessInfo.processInfo.processIdentifier)")
    do {
      try? FileManager.default.removeItem(at: folder)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let made = try KeepfitBinary.run(
        "init", "--preset", "tiny", "--seed", "3", "--out", folder.path + "/model")
      guard made.code == 0 else { fatalError("init failed: \(made.errors)") }
      var rows = "image,label\n"
      for index in 0..<12 {
        let isSick = index % 2 == 1
        let drawn = SyntheticFundus(
          findings: isSick ? [.init(.hardExudates, severity: 1)] : [], seed: UInt64(index)
        ).render(size: 96)
        try FundusImage(width: 96, height: 96, pixels: drawn.pixels)
          .writePNG(to: folder.appendingPathComponent("p\(index).png"))
        rows += "p\(index).png,\(isSick ? "exudates" : "normal")\n"
      }
      try Data(rows.utf8).write(to: folder.appendingPathComponent("rows.csv"))
    } catch {
      fatalError("the fixture cannot be made: \(error)")
    }
    return folder
  }()

  static var model: String { folder.path + "/model" }

  /// The path of one of the twelve images.
  static func image(_ index: Int) -> String { folder.path + "/p\(index).png" }

  /// A path that no other test uses.
  static func fresh(_ name: String) -> String { folder.path + "/\(UUID().uuidString)-\(name)" }

  /// What a command printed, as JSON.
  static func json<Value>(_ result: KeepfitBinary.Result, as type: Value.Type) throws -> Value {
    #expect(result.code == 0, "\(result.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? Value)
  }
}
