import Foundation
import FundusTensor
import TestSupport
import Testing

/// Packed and folded copies of weights follow them, whoever changes them.
@Suite struct DerivedTests {
  /// Ways in which weights change.
  enum Change: CaseIterable {
    case value, optimizer, momentum, entry, file, statistics, training
  }

  private func network(seed: UInt64) -> Sequential {
    Initialization.seeded(seed) {
      Sequential {
        Conv2d(inputs: 3, outputs: 16, kernel: 3, padding: 1)
        BatchNorm2d(channels: 16)
        ReLU()
        GlobalAveragePool()
        Linear(inputs: 16, outputs: 5)
      }
    }
  }

  private func apply(_ change: Change, to network: Sequential) throws {
    func giveGradients() {
      for (_, parameter) in network.parameters {
        parameter.gradient = randomTensor(parameter.value.shape, seed: 7)
      }
    }
    switch change {
    case .value:
      for (_, parameter) in network.parameters { parameter.value = parameter.value * 1.5 }
    case .optimizer:
      giveGradients()
      AdamW(network.parameters).step(learningRate: 0.1)
    case .momentum:
      giveGradients()
      SGD(network.parameters, momentum: 0.9).step(learningRate: 0.1)
    case .entry:
      let others = self.network(seed: 2).stateEntries()
      for (entry, other) in zip(network.stateEntries(), others) { entry.load(other.exported) }
    case .file:
      let folder = try TemporaryDirectory()
      let file = folder.url.appending(path: "other.safetensors")
      try self.network(seed: 3).save(to: file)
      try network.load(from: file)
    case .statistics:
      for case let buffer? in network.stateEntries().map(\.buffer) {
        buffer.value = buffer.value + 0.5
      }
    case .training:
      _ = network(
        randomTensor([4, 8, 8, 3], seed: 5), mode: .training(RandomStream(seed: 1)))
    }
  }

  @Test(arguments: Change.allCases) func copiesFollow(change: Change) throws {
    let network = network(seed: 1)
    let x = randomTensor([2, 8, 8, 3], seed: 4)
    let before = network(x, mode: .inference)
    try apply(change, to: network)
    let after = network(x, mode: .inference)
    // With history nothing is folded or packed beforehand.
    let plain = network(Parameter(x).tensor, mode: .inference)
    #expect(difference(after, plain) < 1e-4)
    #expect(difference(after, before) > 1e-3)
    // Nothing has changed since: the same copies, the same bits.
    #expect(network(x, mode: .inference).scalars == after.scalars)
  }
}
