import Foundation
import FundusTensor
import Testing

@Suite final class SafetensorsTests {
  static let goldens = Bundle.module.url(forResource: "Goldens", withExtension: nil)!
  let directory = FileManager.default.temporaryDirectory
    .appending(path: "safetensors-\(UUID().uuidString)")

  deinit { try? FileManager.default.removeItem(at: directory) }

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  @Test func readsEveryTypeThatTheReferenceWrites() throws {
    let file = try SafetensorsFile(contentsOf: Self.goldens.appending(path: "types.safetensors"))
    let json = try JSONValue(
      parsing: Array(Data(contentsOf: Self.goldens.appending(path: "types.json"))))
    let members = try #require(json.members)
    #expect(members.count == 12)
    for member in members {
      let tensor = try file.tensor(named: member.name)
      let shape = member.value["shape"]?.elements?.compactMap(\.integer)
      let values = member.value["values"]?.elements?.compactMap(\.double)
      #expect(tensor.shape == shape, "\(member.name)")
      #expect(tensor.scalars == values?.map { Float($0) }, "\(member.name)")
      if file.stored(member.name)?.elementType.isFloatingPoint == false {
        #expect(try file.integers(named: member.name) == values?.map { Int($0) }, "\(member.name)")
      }
    }
    let special = try file.tensor(named: "special").scalars
    #expect(special[0] == .infinity && special[1] == -.infinity && special[2].isNaN)
    #expect(file.metadata == ["made by": "safetensors", "é": "ü\n\""])
    #expect(throws: CheckpointError.self) { try file.integers(named: "f32") }
    #expect(throws: CheckpointError.self) { try file.tensor(named: "absent") }
  }

  @Test func writesWhatItReads() throws {
    let url = directory.appending(path: "round.safetensors")
    let weight = Tensor([1, -0.0, .infinity, 4, 5, 6], shape: [2, 3])
    try Safetensors.write(
      [
        CheckpointEntry("bytes", bytes: [1, 2, 3]), .init("weight", weight),
        .init("steps", integers: [-1, .max], shape: [2]), .init("scalar", Tensor(3)),
        .init("none", Tensor(zeros: [0, 2])),
      ], metadata: ["a": "b\u{1}\"é"], to: url)
    let file = try SafetensorsFile(contentsOf: url)
    #expect(file.names == ["steps", "weight", "scalar", "none", "bytes"])
    #expect(try file.bytes(named: "bytes") == [1, 2, 3])
    #expect(try file.integers(named: "steps") == [-1, .max])
    #expect(
      try file.tensor(named: "weight").scalars.map(\.bitPattern) == weight.scalars.map(\.bitPattern)
    )
    #expect(try file.tensor(named: "scalar").shape == [])
    #expect(file.stored("weight")?.isShared == true)
    #expect(file.metadata == ["a": "b\u{1}\"é"])
    // A second file from the entries of the first.
    let copy = directory.appending(path: "copy.safetensors")
    try Safetensors.write(
      file.tensors.map { CheckpointEntry($0.name, $0) }, metadata: file.metadata, to: copy)
    #expect(try Data(contentsOf: copy) == Data(contentsOf: url))
  }

  @Test func keepsTheMappingAliveWhileATensorUsesIt() throws {
    let url = directory.appending(path: "mapped.safetensors")
    try Safetensors.write([("a", Tensor([1, 2, 3], shape: [3]))], to: url)
    var file: SafetensorsFile? = try SafetensorsFile(contentsOf: url)
    let tensor = try #require(file).tensor(named: "a")
    file = nil
    // Replacing the file leaves the old one to those who have it.
    try Safetensors.write([("a", Tensor([4, 5, 6], shape: [3]))], to: url, force: true)
    #expect(tensor.scalars == [1, 2, 3])
    #expect(try SafetensorsFile(contentsOf: url).tensor(named: "a").scalars == [4, 5, 6])
  }

  @Test func refusesToReplaceAFileUnlessForced() throws {
    let url = directory.appending(path: "there.safetensors")
    try Safetensors.write([("a", Tensor(1))], to: url)
    let error = #expect(throws: CheckpointError.self) {
      try Safetensors.write([("a", Tensor(2))], to: url)
    }
    #expect(error?.kind == .exists)
    #expect(try SafetensorsFile(contentsOf: url).tensor(named: "a").item == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
  }

  @Test func aFullDiskIsAClearErrorAndLeavesNothing() throws {
    let missing = directory.appending(path: "absent/x.safetensors")
    let error = #expect(throws: CheckpointError.self) {
      try Safetensors.write([("a", Tensor(1))], to: missing)
    }
    #expect(error?.kind == .unwritable)
    #expect(error?.description.contains("directory does not exist") == true)
    // Writing a device is refused, so that --force cannot harm one.
    #expect(throws: CheckpointError.self) {
      try Safetensors.write([("a", Tensor(1))], to: URL(filePath: "/dev/full"), force: true)
    }
  }

  /// A file with this header and `count` bytes of data.
  static func file(_ header: String, data count: Int = 0) -> MappedFile {
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    bytes += Array(header.utf8) + [UInt8](repeating: 0, count: count)
    return MappedFile(bytes: bytes, name: "x.safetensors")
  }

  @Test(arguments: [
    ("", 0, "byte 0"),
    ("[]", 0, "must be an object"),
    (#"{"a":{}}"#, 0, "lacks 'dtype'"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "outside"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "belong to no tensor"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "does not match"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "whole numbers"),
    (#"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#, 8, "whole numbers"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "outside"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "outside"),
    (#"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#, 8, "'C64'"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8,
      "does not match"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[4611686018427387904,4611686018427387904,0],"data_offsets":[0,0]}}"#,
      0, "does not match"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
      3, "the previous tensor ends at 2"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
      2, "occurs twice"
    ),
    (#"{"__metadata__":{"a":1}}"#, 0, "must be a string"),
    (#"{"a":1} x"#, 0, "follows"),
  ])
  func refusesADamagedFile(header: String, data: Int, expected: String) throws {
    let error = #expect(throws: CheckpointError.self) {
      try SafetensorsFile(Self.file(header, data: data))
    }
    let text = try #require(error).description
    #expect(text.contains(expected), "\(text)")
    #expect(text.hasPrefix("x.safetensors: ") && !text.contains("\n"))
  }

  @Test func refusesAShortFileAndAnEndlessHeader() throws {
    for bytes: [UInt8] in [
      [], [1, 2, 3], [255, 255, 255, 255, 255, 255, 255, 255, 0], [9, 0, 0, 0, 0, 0, 0, 0, 0x7B],
    ] {
      let error = #expect(throws: CheckpointError.self) {
        try SafetensorsFile(MappedFile(bytes: bytes, name: "x"))
      }
      #expect(error?.kind == .malformed)
    }
    let error = #expect(throws: CheckpointError.self) {
      try SafetensorsFile(contentsOf: directory)
    }
    #expect(error?.description.contains("a directory") == true)
  }

  @Test func stridedTensorsAreReadInOrderAndBounded() throws {
    let bytes = (0..<12).flatMap { value in
      withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) }
    }
    let file = MappedFile(bytes: bytes, name: "x")
    func tensor(_ shape: [Int], _ strides: [Int], _ offset: Int) throws -> Tensor {
      try StoredTensor(
        name: "t", shape: shape, elementType: .float32, file: file, storage: 0..<48,
        offset: offset, strides: strides
      ).tensor()
    }
    #expect(try tensor([3, 2], [1, 3], 1).scalars == [1, 4, 2, 5, 3, 6])
    #expect(try tensor([2, 2], [0, 1], 10).scalars == [10, 11, 10, 11])
    #expect(try tensor([2, 2, 2], [6, 1, 2], 0).scalars == [0, 2, 1, 3, 6, 8, 7, 9])
    #expect(throws: CheckpointError.self) { try tensor([2, 2], [6, 6], 0) }
    #expect(throws: CheckpointError.self) { try tensor([2], [-1], 3) }
    #expect(throws: CheckpointError.self) { try tensor([2, 2], [.max, .max], 3) }
    #expect(throws: CheckpointError.self) { try tensor([13], [0], 3) }
    #expect(throws: CheckpointError.self) { try tensor([2], [1, 1], 0) }
  }
}
