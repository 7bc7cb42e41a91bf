import Foundation
import FundusTensor

/// Trains a digit classifier on generated images, saves it, loads it again and tests it.
@main
enum Main {
  /// Logits `[N, 10]` of images `[N, 20, 20, 1]`.
  static func makeNetwork() -> Sequential {
    Sequential {
      Conv2d(inputs: 1, outputs: 8, kernel: 3, stride: 2, padding: 1, bias: false)
      BatchNorm2d(channels: 8)
      ReLU()
      Conv2d(inputs: 8, outputs: 16, kernel: 3, padding: 1, bias: false)
      BatchNorm2d(channels: 16)
      ReLU()
      Flatten()
      Linear(inputs: 1600, outputs: 10)
    }
  }

  static func main() throws {
    let root = RandomStream(seed: 7)
    let network = Initialization.seeded(7) { makeNetwork() }
    print(network)
    let optimizer = AdamW(network.parameters)
    var images = root.derived("training")
    for step in 1...150 {
      let (batch, classes) = Digits.batch(64, from: &images)
      let logits = network(batch, mode: .training(root.derived(UInt64(step))))
      let loss = Tensor.crossEntropy(logits: logits, classes: classes)
      loss.backward()
      optimizer.step(learningRate: 3e-3)
      optimizer.zeroGradients()
      if step % 50 == 0 { print("step \(step): loss \(loss.item)") }
    }

    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("digits-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    try network.save(to: file)
    let restored = makeNetwork()
    try restored.load(from: file)

    var unseen = root.derived("test")
    let (batch, classes) = Digits.batch(500, from: &unseen)
    let found = restored(batch, mode: .inference).argmax()
    let correct = zip(found, classes).count { $0 == $1 }
    print("\(correct) of \(classes.count) unseen digits are correct")
    guard correct > classes.count * 9 / 10 else { fatalError("the classifier did not learn") }
  }
}
