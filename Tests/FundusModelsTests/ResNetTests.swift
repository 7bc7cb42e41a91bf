import Foundation
import FundusModels
import FundusTensor
import TestSupport
import Testing

/// The largest difference relative to the largest value of the expected tensor; infinite when a shape
/// differs or a value is not a number.
private func relativeDifference(_ actual: Tensor, _ expected: Tensor) -> Float {
  guard actual.shape == expected.shape else { return .infinity }
  var (worst, largest) = (Float(0), Float(1e-6))
  for (x, y) in zip(actual.scalars, expected.scalars) {
    largest = max(largest, abs(y))
    if !(abs(x - y) <= worst) { worst = (x - y).isNaN ? .infinity : abs(x - y) }
  }
  return worst / largest
}

/// A network against what PyTorch computed in double precision.
private struct Comparison {
  let file: SafetensorsFile
  let net: ResNet

  init(_ url: URL, _ configuration: ResNetConfiguration) throws {
    file = try SafetensorsFile(contentsOf: url)
    net = ResNet(configuration, initialization: .placeholder)
    for entry in net.stateEntries() {
      entry.load(try file.tensor(named: "state." + entry.name))
    }
  }

  func check(_ values: ResNet.Intermediates, _ prefix: String, tolerance: Float) throws {
    let pairs =
      [("stem", values.stem), ("features", values.features)]
      + values.stages.enumerated().map { ("stage\($0 + 1)", $1) }
    for (name, tensor) in pairs {
      let found = relativeDifference(tensor, try file.tensor(named: "\(prefix).\(name)"))
      #expect(found <= tolerance, "\(prefix).\(name)")
    }
  }

  /// - Parameter tolerance: of activations; gradients pass through twice as many roundings and through
  ///   the differences of batch norm's backward pass, and get ten times as much.
  func checkEverything(tolerance: Float) throws {
    var gradientTolerance = tolerance * 10
    if file.names.contains("gradient_noise") {
      gradientTolerance = try file.tensor(named: "gradient_noise").item
    }
    let images = try file.tensor(named: "images")
    let seed = try file.tensor(named: "seed")
    // With history where the images require a gradient, otherwise on the fast path.
    let recorded = net.intermediates(of: Parameter(images).tensor, mode: .inference)
    #expect(recorded.features.requiresGradient)
    try check(recorded, "eval", tolerance: tolerance)
    let inferred = net.intermediates(of: images, mode: .inference)
    #expect(!inferred.features.requiresGradient)
    try check(inferred, "eval", tolerance: tolerance)

    let initial = net.stateEntries().compactMap { entry in
      entry.buffer.map { ($0, $0.value) }
    }
    for recomputes in [false, true] {
      for (buffer, value) in initial { buffer.value = value }
      for (_, parameter) in net.parameters { parameter.zeroGradient() }
      net.recomputesBlocks = recomputes
      let stream = RandomStream(seed: 1)
      let trained = net.intermediates(of: images, mode: .training(stream))
      try check(trained, "train", tolerance: tolerance)
      trained.features.backward(gradient: seed)
      for entry in net.stateEntries() {
        if let buffer = entry.buffer {
          let expected = try file.tensor(named: "updated." + entry.name)
          #expect(relativeDifference(buffer.value, expected) <= tolerance, "\(entry.name)")
        } else {
          let expected = try file.tensor(named: "gradient." + entry.name)
          let gradient = try #require(entry.parameter?.gradient)
          // Into the layout of the file, with the entry's own conversion.
          let found = gradient.rank == 4 ? gradient.transposed([3, 2, 0, 1]) : gradient
          let difference = relativeDifference(found, expected)
          #expect(difference <= gradientTolerance, "gradient of \(entry.name)")
        }
      }
    }
  }
}

@Suite struct ResNetTests {
  static let goldens = Bundle.module.url(forResource: "Goldens", withExtension: nil)!

  @Test func bottlenecksAgreeWithPyTorch() throws {
    let comparison = try Comparison(
      Self.goldens.appending(path: "resnet-bottleneck.safetensors"),
      ResNetConfiguration(blocks: [1, 1, 1, 1], hasBottlenecks: true, width: 4))
    try comparison.checkEverything(tolerance: 1e-5)
  }

  @Test func basicBlocksAgreeWithPyTorch() throws {
    let comparison = try Comparison(
      Self.goldens.appending(path: "resnet-basic.safetensors"),
      ResNetConfiguration(blocks: [1, 2, 1, 1], hasBottlenecks: false, width: 4))
    try comparison.checkEverything(tolerance: 1e-5)
  }

  /// Full sizes, by hand: `Scripts/goldens/resnet.py full DIR` first.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["KEEPFIT_RESNET_GOLDENS"] != nil))
  func fullSizesAgreeWithPyTorch() throws {
    let directory = URL(
      fileURLWithPath: ProcessInfo.processInfo.environment["KEEPFIT_RESNET_GOLDENS"]!)
    for (name, configuration) in ResNetConfiguration.named {
      let url = directory.appending(path: "\(name).safetensors")
      guard FileManager.default.fileExists(atPath: url.path) else { continue }
      try Comparison(url, configuration).checkEverything(tolerance: 2e-5)
    }
  }

  @Test func namesAndSizesAreThoseOfTorchvision() {
    let net = ResNet(.resnet50, initialization: .placeholder)
    let entries = net.stateEntries()
    #expect(entries.count == 265)  // 318 with the 53 counters of batches
    #expect(entries.reduce(0) { $0 + ($1.parameter?.value.count ?? 0) } == 23_508_032)
    let shapes = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.fileShape) })
    #expect(shapes["conv1.weight"] == [64, 3, 7, 7])
    #expect(shapes["layer1.0.downsample.0.weight"] == [256, 64, 1, 1])
    #expect(shapes["layer3.5.conv2.weight"] == [256, 256, 3, 3])
    #expect(shapes["layer4.2.bn3.running_var"] == [2048])
    #expect(ResNetConfiguration(named: "resnet34")?.featureCount == 512)
    #expect(ResNetConfiguration(named: "resnet99") == nil)
  }

  @Test func foldedWeightsFollowTheParameters() {
    let net = ResNet(
      ResNetConfiguration(blocks: [1, 1, 1, 1], hasBottlenecks: true, width: 4),
      initialization: .random(RandomStream(seed: 1)))
    let values: [Float] = (0..<32 * 32 * 3).map { (index: Int) -> Float in Float(index % 17) / 17 }
    let image = Tensor(values, shape: [1, 32, 32, 3])
    func infer() -> [Float] {
      Autograd.withoutGradients { net(image, mode: .inference).scalars }
    }
    let before = infer()
    #expect(before == infer())
    let entries = net.stateEntries()
    for name in ["layer2.0.conv2.weight", "layer3.0.bn1.bias", "bn1.running_mean"] {
      let last = infer()
      let entry = entries.first { $0.name == name }!
      entry.load(Tensor(entry.exported.scalars.map { $0 + 0.25 }, shape: entry.fileShape))
      #expect(infer() != last)
    }
  }

  @Test func bitsDoNotDependOnThreadsOrOnTheRestOfTheBatch() throws {
    let net = ResNet(
      ResNetConfiguration(blocks: [1, 1, 1, 1], hasBottlenecks: true, width: 16),
      initialization: .random(RandomStream(seed: 1)))
    let count: Int = 3 * 64 * 72 * 3
    let values: [Float] = (0..<count).map { (index: Int) -> Float in
      Float(index * 7919 % 101) / 101
    }
    let images = Tensor(values, shape: [3, 64, 72, 3])
    var results: [[Float]] = []
    for threads in [1, 2, 4] {
      results.append(
        try withThreads(threads) {
          Autograd.withoutGradients {
            net(images, mode: .inference).scalars
              + net(images.sliced(1..<2), mode: .inference).scalars
          }
        })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
    let features = net.configuration.featureCount
    #expect(results[0].suffix(features) == results[0][features..<2 * features])
  }
}
