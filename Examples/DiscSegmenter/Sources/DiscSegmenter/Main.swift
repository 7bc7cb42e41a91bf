import FundusSynthesis
import FundusTensor

/// Trains a U-Net to find the optic disc on drawn photographs, and measures it on others.
@main
enum Main {
  struct Sample {
    let image: Tensor
    let mask: Tensor
  }

  /// A drawn photograph `[S, S, 3]`, 0 to 1, and the disc in it `[S, S, 1]`.
  @Sendable static func draw(_ seed: UInt64, size: Int = 64) -> Sample {
    let eye = SyntheticFundus(findings: [.init(.discPallor, severity: 0.1)], seed: seed)
      .render(size: size)
    func tensor(_ bytes: [UInt8], _ channels: Int) -> Tensor {
      Tensor(bytes.map { Float($0) / 255 }, shape: [size, size, channels])
    }
    return Sample(image: tensor(eye.pixels, 3), mask: tensor(eye.masks[.discPallor]!, 1))
  }

  static func batch(_ samples: [Sample]) -> (images: Tensor, masks: Tensor) {
    (Tensor.stacked(samples.map(\.image)), Tensor.stacked(samples.map(\.mask)))
  }

  static func main() throws {
    let root = RandomStream(seed: 3)
    let network = Initialization.seeded(3) { UNet() }
    print("A network of \(network.parameterCount) parameters")
    let optimizer = AdamW(network.parameters)
    let loader = DataLoader(count: 96, batchSize: 8, shuffle: root.derived("order")) { index, _ in
      draw(UInt64(index))
    }
    for epoch in 0..<8 {
      let batches = loader.batches(epoch: epoch)
      var sum: Float = 0
      while let samples = try batches.next() {
        let (images, masks) = batch(samples)
        let logits = network(images, mode: .training(root))
        let loss =
          Tensor.binaryCrossEntropy(logits: logits, targets: masks)
          + Tensor.diceLoss(probabilities: logits.sigmoid(), targets: masks)
        loss.backward()
        optimizer.step(learningRate: 1e-2)
        optimizer.zeroGradients()
        sum += loss.item
      }
      print("epoch \(epoch + 1): loss \(sum / Float(loader.batchesPerEpoch))")
    }

    let (images, masks) = batch((1000..<1024).map { draw($0) })
    let found = network(images, mode: .inference) .> 0
    let dice = 1 - Tensor.diceLoss(probabilities: found, targets: masks, smoothing: 0).item
    print("Dice of the disc on \(images.shape[0]) unseen images: \(dice)")
    guard dice > 0.8 else { fatalError("the segmenter did not learn") }
  }
}
