import Foundation
import FundusTensor
import Testing

/// What `Scripts/goldens/layers.py` wrote: layers and operators of PyTorch with their gradients.
@Suite struct LayerParityTests {
  private let file: SafetensorsFile

  init() throws {
    file = try SafetensorsFile(
      contentsOf: Bundle.module.url(
        forResource: "Goldens/layers", withExtension: "safetensors")!)
  }

  /// - Parameter tolerance: relative to the largest value of each tensor plus 1; sums of some hundred
  ///   products in single precision.
  private func expectClose(
    _ found: Tensor?, _ name: String, tolerance: Float = 2e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try file.tensor(named: name)
    guard let found else {
      Issue.record("\(name): nothing arrived", sourceLocation: sourceLocation)
      return
    }
    #expect(found.shape == expected.shape, "\(name)", sourceLocation: sourceLocation)
    guard found.shape == expected.shape else { return }
    let scale = 1 + (expected.scalars.map { abs($0) }.max() ?? 0)
    let difference = zip(found.scalars, expected.scalars).map { abs($0 - $1) }
    #expect(
      difference.allSatisfy { $0 <= tolerance * scale },
      "\(name) differs by \(difference.max() ?? .nan)", sourceLocation: sourceLocation)
  }

  /// Result and gradients of a function, and of a module's parameters under PyTorch's names.
  private func check(
    _ name: String, _ module: (any Module)? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ function: (Tensor) -> Tensor
  ) throws {
    let entries = module?.stateEntries() ?? []
    let names = file.names.filter { $0.hasPrefix(name + ".p.") }
    #expect(
      Set(names) == Set(entries.map { "\(name).p.\($0.name)" }), sourceLocation: sourceLocation)
    for entry in entries { entry.load(try file.tensor(named: "\(name).p.\(entry.name)")) }
    let x = Parameter(try file.tensor(named: name + ".x"))
    let y = function(x.tensor)
    try expectClose(y, name + ".y", sourceLocation: sourceLocation)
    y.backward(gradient: try file.tensor(named: name + ".seed"))
    try expectClose(x.gradient, name + ".dx", sourceLocation: sourceLocation)
    for entry in entries {
      // Gradients come in the order of memory; the entry brings them into that of files.
      guard let gradient = entry.parameter?.gradient else {
        Issue.record("\(entry.name) got no gradient", sourceLocation: sourceLocation)
        continue
      }
      entry.parameter!.value = gradient
      try expectClose(entry.exported, "\(name).d.\(entry.name)", sourceLocation: sourceLocation)
    }
  }

  private func check(
    layer name: String, _ layer: some Layer, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let training = ExecutionMode.training(RandomStream(seed: 1))
    try check(name, layer, sourceLocation: sourceLocation) { layer($0, mode: training) }
    // In inference the same result, on whatever path, and nothing recorded.
    for entry in layer.stateEntries() {
      entry.load(try file.tensor(named: "\(name).p.\(entry.name)"))
    }
    let x = try file.tensor(named: name + ".x")
    let used = layer(x, mode: .inference)
    #expect(!used.requiresGradient, sourceLocation: sourceLocation)
    try expectClose(used, name + ".y", sourceLocation: sourceLocation)
    #expect(layer(Parameter(x).tensor, mode: .inference).requiresGradient)
  }

  @Test func layersAreThoseOfPyTorch() throws {
    try check(layer: "linear", Linear(inputs: 5, outputs: 3))
    try check(layer: "layer_norm", LayerNorm(features: 6))
    let attention = MultiHeadAttention(features: 8, heads: 2)
    try check("attention", attention) {
      attention($0, mode: .training(RandomStream(seed: 1)))
    }
  }

  @Test func convolutionsAreThoseOfPyTorch() throws {
    try check(
      layer: "conv", Conv2d(inputs: 4, outputs: 8, kernel: 3, stride: 2, padding: 1))
    try check(
      layer: "conv_groups", Conv2d(inputs: 4, outputs: 8, kernel: 3, padding: 1, groups: 2))
    try check(
      layer: "conv_depthwise",
      Conv2d(inputs: 4, outputs: 8, kernel: 3, stride: 2, padding: 1, groups: 4))
    try check(
      layer: "conv_dilated", Conv2d(inputs: 4, outputs: 8, kernel: 3, padding: 2, dilation: 2))
    try check(
      layer: "conv_rectangular",
      Conv2d(
        inputs: 4, outputs: 8, kernel: (3, 5),
        options: ConvolutionOptions(stride: (1, 2), padding: (0, 3), dilation: (2, 1))))
    try check(
      layer: "conv_everything",
      Conv2d(
        inputs: 4, outputs: 8, kernel: (2, 3),
        options: ConvolutionOptions(stride: (2, 1), padding: (1, 0), dilation: (1, 3), groups: 2),
        bias: false))
  }

  @Test func transposedConvolutionsAreThoseOfPyTorch() throws {
    try check(layer: "transpose_2", ConvTranspose2d(inputs: 4, outputs: 6, kernel: 2, stride: 2))
    try check(
      layer: "transpose_3",
      ConvTranspose2d(inputs: 4, outputs: 6, kernel: 3, stride: 2, padding: 1, outputPadding: 1))
    try check(
      layer: "transpose_groups",
      ConvTranspose2d(
        inputs: 4, outputs: 6, kernel: (3, 3),
        options: ConvolutionOptions(stride: (2, 1), padding: (0, 1), dilation: (1, 2), groups: 2),
        outputPadding: (1, 0)))
  }

  @Test func poolingAndUpsamplingAreThoseOfPyTorch() throws {
    try check(layer: "average_pool", AveragePool2d(kernel: 3, stride: 2, padding: 1))
    try check("average_pool_valid") {
      averagePool2d($0, kernel: 3, stride: 2, padding: 1, countsPadding: false)
    }
    try check(layer: "adaptive_pool", AdaptiveAveragePool2d(height: 3, width: 5))
    try check(layer: "nearest", Upsample())
    try check("nearest_odd") { $0.resizedNearest(height: 5, width: 3) }
    try check(layer: "bilinear", Upsample(factor: 3, interpolation: .bilinear))
  }

  @Test func functionsAreThoseOfPyTorch() throws {
    try check("abs") { $0.abs() }
    try check("sin") { $0.sin() }
    try check("cos") { $0.cos() }
    try check(layer: "silu", SiLU())
    try check("softplus") { $0.softplus() }
    try check("leaky_relu") { $0.leakyRelu(slope: 0.1) }
    try check("pow") { $0.pow(1.7) }
  }

  @Test func reductionsAndSelectionsAreThoseOfPyTorch() throws {
    try check("variance") { $0.variance(axes: [0, 2]) }
    try check("deviation") { $0.standardDeviation(axes: [1], isUnbiased: false) }
    try check("log_sum_exp") { $0.logSumExp(axis: 1) }
    try check("cumulative_sum") { $0.cumulativeSum(axis: 1) }
    try check("top_k") { $0.topK(2, axis: 1).values }
    try check("sorted") { $0.sorted(axis: 0, descending: true).values }
    try check("minimum_axis") { $0.minimum(axis: 1) }
  }

  @Test func lossesAreThoseOfPyTorch() throws {
    let targets = try file.tensor(named: "targets")
    let classes = try file.tensor(named: "classes").scalars.map { Int($0) }
    try check("bce") { .binaryCrossEntropy(logits: $0, targets: targets) }
    try check("bce_weighted") {
      .binaryCrossEntropy(logits: $0, targets: targets, positiveWeight: 3)
    }
    try check("l1") { .meanAbsoluteError($0, targets) }
    try check("pixel_cross_entropy") { .crossEntropy(logits: $0, classes: classes) }
    try check("pixel_cross_entropy_ignoring") {
      .crossEntropy(logits: $0, classes: classes, ignoring: 1)
    }
  }
}
