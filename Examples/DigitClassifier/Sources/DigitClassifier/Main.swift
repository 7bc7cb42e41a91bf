import Foundation
import FundusTensor

/// Trains a digit classifier on generated pictures, saves it, loads it again and tests it.
@main
enum Main {
  static func main() throws {
    let root = RandomStream(seed: 7)
    let network = Network(initialization: .random(root.derived("network")))
    let optimizer = AdamW(network.parameters)
    var pictures = root.derived("training")
    for step in 1...150 {
      let (batch, classes) = Digits.batch(64, from: &pictures)
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
    try Safetensors.write(network.stateEntries().map { ($0.name, $0.exported) }, to: file)
    let restored = Network(initialization: .placeholder)
    let saved = try SafetensorsFile(contentsOf: file)
    for entry in restored.stateEntries() { entry.load(try saved.tensor(named: entry.name)) }

    var unseen = root.derived("test")
    let (batch, classes) = Digits.batch(500, from: &unseen)
    let logits = Autograd.withoutGradients { restored(batch, mode: .inference) }.scalars
    let right = classes.indices.count { index in
      let row = logits[index * 10..<(index + 1) * 10]
      return row.firstIndex(of: row.max() ?? 0) == index * 10 + classes[index]
    }
    print("\(right) of \(classes.count) unseen digits are right")
    guard right > classes.count * 9 / 10 else { fatalError("the classifier did not learn") }
  }
}
