import CFundusKernels

extension Tensor {
  /// Inverted dropout: each element becomes 0 with probability `rate` and is divided by 1 - `rate`
  /// otherwise (Srivastava et al., JMLR 15, 2014).
  ///
  /// Which elements are dropped depends only on the stream and their position. Nothing is stored
  /// for the backward pass, which draws the same numbers again.
  /// - Parameters:
  ///   - rate: in `0..<1`, met to 1/65536. 0 returns the tensor itself.
  ///   - stream: derived by the caller for this use, so that no two layers share one.
  public func dropout(_ rate: Float, _ stream: RandomStream) -> Tensor {
    precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate) is outside of 0..<1")
    guard rate > 0 else { return self }
    return Tensor.dropping(self, rate, stream).recording(self) { gradient in
      [Tensor.dropping(gradient, rate, stream)]
    }
  }

  private static func dropping(_ x: Tensor, _ rate: Float, _ stream: RandomStream) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    ThreadPool.forEachRangeUnchecked(x.count, grain: Kernels.grain / 2) {
      let first = $0.lowerBound
      fk_dropout(
        x.pointer + first, result.mutablePointer + first, $0.count, first, stream.key,
        stream.stream, rate)
    }
    return result
  }
}
