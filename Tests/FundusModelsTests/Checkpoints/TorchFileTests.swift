import Foundation
import FundusModels
import Testing

@Suite final class TorchFileTests {
  static let goldens = Bundle.module.url(forResource: "Goldens", withExtension: nil)!
    .appending(path: "checkpoints")
  let directory = FileManager.default.temporaryDirectory.appending(
    path: "torch-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  static func open(_ name: String) throws -> StateDictionary {
    try StateDictionary(contentsOf: goldens.appending(path: name))
  }

  static func expectations(_ name: String) throws -> [JSONValue.Member] {
    try JSONValue(parsing: Array(Data(contentsOf: goldens.appending(path: name)))).members ?? []
  }

  static func check(_ state: StateDictionary, _ expected: [JSONValue.Member]) throws {
    #expect(expected.count > 2)
    for member in expected {
      let stored = try #require(state[member.name], "\(member.name) of \(state.source)")
      let values = (member.value["values"]?.elements ?? []).compactMap(\.double)
      let shape = (member.value["shape"]?.elements ?? []).compactMap(\.integer)
      #expect(stored.shape == shape)
      #expect(stored.tensor().scalars == values.map { Float($0) }, "\(member.name)")
      if !stored.elementType.isFloatingPoint {
        #expect(try stored.integers() == values.map { Int($0) }, "\(member.name)")
      }
    }
  }

  @Test(arguments: [
    "types-zip.pth", "types-legacy.pth", "types-v3.pth", "protocol-3.pth", "protocol-4.pth",
    "protocol-5.pth",
  ])
  func readsEveryTypeAndStride(name: String) throws {
    let state = try Self.open(name)
    try Self.check(state, try Self.expectations("values.json"))
    #expect(state.format == (name == "types-legacy.pth" ? .torchLegacy : .torchZip))
    #expect(state.names.first == "plain.weight")
    if name == "types-zip.pth" {
      #expect(state["plain.weight"]?.isShared == true && state["transposed"]?.isShared == false)
    }
    if name == "types-v3.pth" { #expect(try state["u16"]?.integers() == [1, 65535]) }
  }

  @Test(arguments: ["training-zip.pth", "training-legacy.pth"])
  func findsTheWeightsOfATrainingCheckpoint(name: String) throws {
    let state = try Self.open(name)
    #expect(state.names.first == "module.0.weight")
    try Self.check(state.normalized(), try Self.expectations("training.json"))
    #expect(state.metadata["epoch"] == "7" && state.metadata["best"] == "0.75")
    #expect(state.metadata["name"] == "run é" && state.metadata["done"] == "false")
  }

  @Test(arguments: ["trainer-model.pth", "trainer-teacher.pth", "trainer-lightning.ckpt"])
  func findsTheWeightsBesideObjectsOfOtherTrainers(name: String) throws {
    let state = try Self.open(name)
    #expect(state.tensors.count == 7)
    try Self.check(state.normalized(), try Self.expectations("training.json"))
    #expect(state.metadata["epoch"] == "7" && state.metadata["args"] == nil)
  }

  @Test func readsTheOtherByteOrder() throws {
    let plain = try Self.open("plain.pth"), big = try Self.open("big-endian.pth")
    for name in ["a", "b", "c"] {
      #expect(plain[name]?.tensor().scalars == big[name]?.tensor().scalars)
    }
    #expect(try big["b"]?.integers() == [1, -2, 1 << 33])
  }

  @Test(arguments: [
    ("refused-attack-zip.pth", "'posix.system'"), ("refused-attack-legacy.pth", "'posix.system'"),
    ("refused-module.pth", "'torch.nn.modules.container.Sequential'"),
    ("refused-module.pth", "save model.state_dict()"),
    ("refused-object.pth", "'0.weight' is an object of 'argparse.Namespace', expected a tensor"),
    ("refused-tensor.pth", "contains a tensor"), ("refused-nothing.pth", "its keys are epoch"),
    ("refused-compressed.pth", "is compressed (method 8)"),
    ("refused-negative.pth", "'weight' is a lazy view of its elements (neg)"),
    ("refused-negative-legacy.pth", "'weight' is a lazy view of its elements (neg)"),
  ])
  func refusesByName(name: String, expected: String) throws {
    let error = #expect(throws: CheckpointError.self) { try Self.open(name) }
    let text = try #require(error).description
    #expect(text.contains(expected) && text.contains(name), "\(text)")
    if expected == "'posix.system'" { #expect(error?.kind == .refused(global: "posix.system")) }
  }

  @Test func writesWhatItReads() throws {
    let state = try Self.open("types-zip.pth")
    let url = directory.appending(path: "copy.pth")
    try TorchCheckpoint.write(state.tensors.map { CheckpointEntry($0.name, $0) }, to: url)
    let copy = try StateDictionary(contentsOf: url)
    #expect(copy.names == state.names)
    try Self.check(copy, try Self.expectations("values.json"))
    #expect(copy.tensors.map(\.shape) == state.tensors.map(\.shape))
    #expect(copy["counter"]?.elementType == .int64 && copy["half"]?.elementType == .float16)
    #expect(throws: CheckpointError.self) { try TorchCheckpoint.write([], to: url) }
    // And through safetensors.
    let other = directory.appending(path: "copy.safetensors")
    try Safetensors.write(copy.tensors.map { CheckpointEntry($0.name, $0) }, to: other)
    try Self.check(StateDictionary(contentsOf: other), try Self.expectations("values.json"))
  }

  @Test func readsShardsAndStaysBesideTheIndex() throws {
    let one = directory.appending(path: "one.safetensors")
    let two = directory.appending(path: "two.pth")
    try Safetensors.write([("a", Tensor(1)), ("spare", Tensor(5))], to: one)
    try TorchCheckpoint.write([CheckpointEntry("b", Tensor([2, 3], shape: [2]))], to: two)
    let index = directory.appending(path: "model.safetensors.index.json")
    func write(_ map: String) throws {
      try Data(#"{"metadata": {"total_size": 12}, "weight_map": {\#(map)}}"#.utf8).write(to: index)
    }
    try write(#""b": "two.pth", "a": "one.safetensors""#)
    let state = try StateDictionary(contentsOf: index)
    #expect(state.format == .sharded && state.names == ["b", "a"])
    #expect(state["b"]?.tensor().scalars == [2, 3])
    #expect(state.metadata["total_size"] == "12")
    for (map, expected) in [
      (#""b": "../two.pth""#, "next to the index"),
      (#""b": "one.safetensors""#, "does not contain it"),
      (#""b": 1"#, "next to the index"),
      (#""b": "model.safetensors.index.json""#, "next to the index"),
      (#""b": "absent.pth""#, "cannot be opened"),
    ] {
      try write(map)
      let error = #expect(throws: CheckpointError.self) { try StateDictionary(contentsOf: index) }
      #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }
  }

  @Test func namesWhatIsNoCheckpoint() throws {
    for (bytes, expected): (String, String) in [
      ("", "is empty"), ("version https://git-lfs.github.com/spec/v1", "LFS pointer"),
      ("<!DOCTYPE html>", "web page"), ("hello world, this is text", "first bytes are 68 65"),
    ] {
      let file = MappedFile(bytes: Array(bytes.utf8), name: "x.pth")
      let error = #expect(throws: CheckpointError.self) { try StateDictionary(file) }
      #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }
  }

  /// Pickles that Python would follow into trouble.
  @Test(arguments: [
    ("\u{80}\u{2}cos\nsystem\n(S'ls'\ntR.", "'os.system'"),
    ("\u{80}\u{2}(ios\nsystem\n.", "'os.system'"),
    ("\u{80}\u{2}ctorch\nload\n.", "'torch.load'"),
    ("\u{80}\u{2}c__builtin__\neval\n(S'1'\ntR.", "'__builtin__.eval'"),
    ("\u{80}\u{2}cbuiltins\ngetattr\n.", "'builtins.getattr'"),
    ("\u{80}\u{2}ctorch._utils\n_rebuild_qtensor\n.", "'torch._utils._rebuild_qtensor'"),
    ("\u{80}\u{4}\u{8C}\u{4}data\u{8C}\u{9}os.system\u{93}.", "'data.os.system'"),
    ("\u{80}\u{2}\u{82}\u{1}.", "opcode 0x82"),
    ("\u{80}\u{9}.", "protocol 9"),
    ("\u{80}\u{2}]]e.", "mark"),
    ("\u{80}\u{2}h\u{1}.", "memo 1"),
    ("\u{80}\u{2}]q\u{0}h\u{0}a.", "magic number"),
    ("\u{80}\u{2}X\u{FF}\u{FF}\u{FF}\u{7F}abc", "is truncated at byte"),
    ("\u{80}\u{2}(((((((", "is truncated at byte"),
  ])
  func refusesAHostilePickle(text: String, expected: String) throws {
    let bytes = text.unicodeScalars.map { UInt8($0.value) }
    let error = #expect(throws: CheckpointError.self) {
      try StateDictionary(MappedFile(bytes: bytes, name: "x.pth"))
    }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }
}
