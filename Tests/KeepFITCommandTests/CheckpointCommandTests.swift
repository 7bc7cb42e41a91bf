import Foundation
import FundusTensor
import Testing

@Suite struct CheckpointCommandTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func writeSample() throws {
    try Safetensors.write(
      [
        ("a.weight", Tensor([1, -2, 3, 4.5, 0, 6], shape: [2, 3])),
        ("b.bias", Tensor([0.25], shape: [1])),
      ], metadata: ["made": "here"], to: URL(fileURLWithPath: path("in.safetensors")))
  }

  @Test func conversionThereAndBackKeepsTheBits() throws {
    try writeSample()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try KeepfitBinary.run("convert", path("in.safetensors"), path("m.pth")).code == 0)
    #expect(try KeepfitBinary.run("convert", path("m.pth"), path("out.safetensors")).code == 0)
    let back = try SafetensorsFile(contentsOf: URL(fileURLWithPath: path("out.safetensors")))
    #expect(try back.tensor(named: "a.weight").scalars == [1, -2, 3, 4.5, 0, 6])
    #expect(back.shape(of: "b.bias") == [1])

    let again = try KeepfitBinary.run("convert", path("m.pth"), path("out.safetensors"))
    #expect(again.code == 2)
    #expect(again.errors.hasPrefix("keepfit: error: "))
    #expect(
      try KeepfitBinary.run("convert", path("m.pth"), path("out.safetensors"), "-f").code == 0)
  }

  @Test func inspectPrintsJSON() throws {
    try writeSample()
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try KeepfitBinary.run("inspect", path("in.safetensors"), "--json")
    #expect(result.code == 0)
    #expect(result.errors.isEmpty)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(object["format"] as? String == "safetensors")
    #expect(object["elements"] as? Int == 7)
    let tensors = try #require(object["tensors"] as? [[String: Any]])
    #expect(tensors.first?["shape"] as? [Int] == [2, 3])
  }

  @Test func wrongFilesAreNamed() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let missing = try KeepfitBinary.run("inspect", path("none.pth"))
    #expect(missing.code == 2)
    #expect(missing.errors.contains("none.pth"))
    let end = try KeepfitBinary.run("convert", path("a.pth"), path("b.onnx"))
    #expect(end.code == 2)
    #expect(end.errors.contains("must end with .safetensors"))
    try Data("hello".utf8).write(to: URL(fileURLWithPath: path("text.pth")))
    let text = try KeepfitBinary.run("inspect", path("text.pth"))
    #expect(text.code == 2)
    #expect(text.errors.split(separator: "\n").count == 1)
  }
}
