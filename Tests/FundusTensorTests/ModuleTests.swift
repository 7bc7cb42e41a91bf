import Foundation
import FundusTensor
import Testing

/// State in every place that a stored property can offer.
private class Base: Module {
  let first = Linear(inputs: 2, outputs: 3)
  private let hidden = Parameter(Tensor(zeros: [4]))
}

private final class Everything: Base {
  let list = [
    Linear(inputs: 1, outputs: 1, bias: false), Linear(inputs: 1, outputs: 2, bias: false),
  ]
  let table: [String: Parameter] = ["b": Parameter(Tensor(ones: [2])), "a": Parameter([1])]
  let some: BatchNorm2d? = BatchNorm2d(channels: 2)
  let none: Linear? = nil
  let pair = (left: Parameter([1]), right: Linear(inputs: 1, outputs: 1))
  lazy var late = Parameter([5])
  let numbers: [Float] = [1, 2, 3]
  let nested = [[Buffer([1])], [Buffer([2]), Buffer([3])]]
}

private final class Tied: Module {
  let input = Embedding(count: 5, features: 3)
  let output: Linear
  let tie: Parameter
  init() {
    output = Linear(inputs: 3, outputs: 5)
    tie = input.weight
  }
}

private final class Forgetful: Module {
  let kept = Linear(inputs: 1, outputs: 1)
  let lost = Linear(inputs: 2, outputs: 1, bias: false)
  func visit(_ state: inout StateVisitor) { state.child("kept", kept) }
}

private final class TwoLayers: Layer {
  let body = Sequential {
    Conv2d(inputs: 3, outputs: 16, kernel: 3, padding: 1)
    BatchNorm2d(channels: 16)
    ReLU()
    Conv2d(inputs: 16, outputs: 16, kernel: 3, padding: 1, bias: false)
    BatchNorm2d(channels: 16)
    Dropout(0.5)
    GlobalAveragePool()
  }
  let head = Linear(inputs: 16, outputs: 2)
  func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    head(body(x, mode: mode), mode: mode)
  }
}

@Suite struct ModuleTests {
  @Test func noParameterIsForgotten() {
    let model = Everything()
    _ = model.late
    let names = model.stateEntries().map(\.name)
    #expect(
      names == [
        "first.weight", "first.bias", "hidden", "list.0.weight", "list.1.weight", "table.a",
        "table.b", "some.weight", "some.bias", "some.running_mean", "some.running_var", "pair.left",
        "pair.right.weight", "pair.right.bias", "late", "nested.0.0", "nested.1.0", "nested.1.1",
      ])
    #expect(model.parameterCount == 9 + 4 + 1 + 2 + 1 + 2 + 4 + 1 + 2 + 1)
    #expect(model.forgottenState.isEmpty)
    #expect(Forgetful().forgottenState == ["lost.weight"])
  }

  @Test func tiedParametersCountOnce() {
    let model = Tied()
    #expect(model.parameters.map(\.name) == ["input.weight", "output.weight", "output.bias"])
    #expect(model.parameterCount == 15 + 15 + 5)
    #expect(model.stateEntries().count == 4)
  }

  @Test func aSeedMakesTheSameModel() {
    func scalars(_ seed: UInt64) -> [Float] {
      Initialization.seeded(seed) { TwoLayers() }.parameters.flatMap { $0.parameter.value.scalars }
    }
    #expect(scalars(3) == scalars(3))
    #expect(scalars(3) != scalars(4))
    let model = Initialization.seeded(1) { TwoLayers() }
    // Two layers of the same shape begin differently.
    let twins = [Linear(inputs: 2, outputs: 2), Linear(inputs: 2, outputs: 2)]
    #expect(twins[0].weight.value.scalars != twins[1].weight.value.scalars)
    #expect(model.parameters.allSatisfy { $0.parameter.value.isFinite })
  }

  @Test func inferenceFoldsBatchNormsAndRecordsNothing() {
    let model = Initialization.seeded(1) { TwoLayers() }
    let x = randomTensor([2, 8, 8, 3], seed: 1, scale: 1)
    // A step of training moves the running statistics away from 0 and 1.
    _ = model(x, mode: .training(RandomStream(seed: 1)))
    let fast = model(x, mode: .inference)
    #expect(!fast.requiresGradient)
    let slow = model(Parameter(x).tensor, mode: .inference)
    #expect(slow.requiresGradient)
    #expect(zip(fast.scalars, slow.scalars).allSatisfy { abs($0 - $1) < 1e-5 })
    // Folded weights follow the bias of the convolution.
    let bias = model.stateEntries().first { $0.name == "body.0.bias" }!.parameter!
    bias.value = bias.value + 1
    let moved = model(x, mode: .inference)
    let expected = model(Parameter(x).tensor, mode: .inference)
    #expect(moved.scalars != fast.scalars)
    #expect(zip(moved.scalars, expected.scalars).allSatisfy { abs($0 - $1) < 1e-5 })
    let trained = model(x, mode: .training(RandomStream(seed: 1)))
    trained.sum().backward()
    #expect(model.parameters.allSatisfy { $0.parameter.gradient != nil })
  }

  @Test func aModelIsSavedAndLoadedInALine() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("modules-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("model.safetensors")
    let model = Initialization.seeded(1) { TwoLayers() }
    let x = randomTensor([2, 8, 8, 3], seed: 1, scale: 1)
    _ = model(x, mode: .training(RandomStream(seed: 1)))
    try model.save(to: file)
    let other = Initialization.placeholders { TwoLayers() }
    try other.load(from: file)
    #expect(other(x, mode: .inference).scalars == model(x, mode: .inference).scalars)
    // Convolutions lie in the file as in PyTorch.
    #expect(try SafetensorsFile(contentsOf: file).shape(of: "body.0.weight") == [16, 3, 3, 3])
    // What does not fit is told whole, and nothing is taken over.
    let wrong = Everything()
    let error = #expect(throws: CheckpointError.self) { try wrong.load(from: file) }
    #expect("\(error!)".contains("missing: first.weight"))
    #expect("\(error!)".contains("unexpected: "))
    let larger = Sequential([Linear(inputs: 3, outputs: 2)])
    let narrow = folder.appendingPathComponent("narrow.safetensors")
    try Sequential([Linear(inputs: 4, outputs: 2)]).save(to: narrow)
    let shapes = #expect(throws: CheckpointError.self) { try larger.load(from: narrow) }
    #expect("\(shapes!)".contains("0.weight ([2, 4] in the file, [2, 3] expected)"))
    // A tied parameter is in the file once and serves all its places.
    let tied = Tied()
    let tiedFile = folder.appendingPathComponent("tied.safetensors")
    try tied.save(to: tiedFile)
    let again = Tied()
    try again.load(from: tiedFile)
    #expect(again.tie.value.scalars == tied.input.weight.value.scalars)
  }

  @Test func aPrintedModelShowsItsTree() {
    let text = "\(TwoLayers())"
    #expect(
      text.split(separator: "\n").prefix(4) == [
        "TwoLayers, 2,850 parameters",
        "  body: Sequential, 2,816 parameters",
        "    0: Conv2d, 448 parameters: weight [16, 3, 3, 3], bias [16]",
        "    1: BatchNorm2d, 32 parameters: weight [16], bias [16], running_mean [16] (buffer), "
          + "running_var [16] (buffer)",
      ])
    #expect(text.contains("\n    2: ReLU\n"))
    #expect(text.hasSuffix("\n  head: Linear, 34 parameters: weight [2, 16], bias [2]"))
  }
}
