import FundusTensor

extension ResNet {
  /// The maximum number of floats of the activations of a group of images in a stage: enough images to reuse the
  /// weights, few enough that the activations stay in the cache.
  private static let groupFloats = 2 << 20

  /// Inference without gradients, with folded batch norms, stage by stage in groups of images.
  func inferred(_ images: Tensor) -> Intermediates {
    let items = images.shape[0]
    let stem = stem.pooled(images)
    var side = (stem.shape[1], stem.shape[2])
    var x = stem
    var results: [Tensor] = []
    for blocks in stages {
      let outputs = blocks[0].outputs
      side = (blocks[0].outputSide(side.0), blocks[0].outputSide(side.1))
      var result = Tensor.unwritten([items, side.0, side.1, outputs])
      let most = max(1, min(items, Self.groupFloats / max(1, side.0 * side.1 * outputs)))
      for first in stride(from: 0, to: items, by: most) {
        let group = first..<min(items, first + most)
        var y = x.sliced(group)
        for block in blocks {
          block.infer(y, into: &result, first: first)
          y = result.sliced(group)
        }
      }
      results.append(result)
      x = result
    }
    return Intermediates(stem: stem, stages: results, features: globalAveragePool(x))
  }
}

extension FoldedConvolution {
  /// The stem for inference: convolution, batch norm, ReLU, max pooling, image by image.
  func pooled(_ images: Tensor) -> Tensor {
    let items = images.shape[0]
    func half(_ side: Int) -> Int { (side - 1) / 2 + 1 }
    let side = (half(half(images.shape[1])), half(half(images.shape[2])))
    var result = Tensor.unwritten([items, side.0, side.1, outputs])
    for item in 0..<items {
      maxPool2d(
        apply(images.sliced(item..<item + 1), activation: .relu), kernel: 3, stride: 2,
        padding: 1, into: &result, first: item)
    }
    return result
  }
}
