import CFundusKernels

/// Augmentation kernels for one image `[H, W, 3]`, in place, without gradients.
package enum ImageKernels {
  /// Flips horizontally.
  package static func flip(_ image: inout MutableSpan<Float>, height: Int, width: Int) {
    check(image, height, width)
    image.withUnsafeMutableBufferPointer { fk_flip_columns($0.baseAddress!, height, width) }
  }

  /// Takes each pixel (x, y) from (m0 x + m1 y + m2, m3 x + m4 y + m5), bilinear, black outside.
  package static func transform(
    _ image: inout MutableSpan<Float>, height: Int, width: Int, by map: [Double]
  ) {
    check(image, height, width)
    precondition(map.count == 6, "an affine map has 6 numbers, not \(map.count)")
    image.withUnsafeMutableBufferPointer { buffer in
      // The kernel may read a float past the end.
      let source = Tensor(uninitialized: [buffer.count + 1])
      source.mutablePointer.update(from: buffer.baseAddress!, count: buffer.count)
      source.mutablePointer[buffer.count] = 0
      fk_affine_bilinear(source.pointer, height, width, map, buffer.baseAddress!)
    }
  }

  /// clamp(scale · x + shift, 0, 1).
  package static func scaleAndClamp(
    _ image: inout MutableSpan<Float>, scale: Float, shift: Float
  ) {
    guard image.count > 0 else { return }
    image.withUnsafeMutableBufferPointer {
      fk_scale_clamp($0.baseAddress!, $0.count, scale, shift)
    }
  }

  private static func check(_ image: borrowing MutableSpan<Float>, _ height: Int, _ width: Int) {
    precondition(
      height > 0 && width > 0 && image.count == height * width * 3,
      "\(image.count) elements are not an image of \(height) x \(width) x 3")
  }

  /// The mean of 0.299 R + 0.587 G + 0.114 B over all pixels.
  package static func grayMean(_ image: inout MutableSpan<Float>) -> Double {
    precondition(
      image.count > 0 && image.count % 3 == 0,
      "\(image.count) elements are not an image of 3 channels")
    return image.withUnsafeMutableBufferPointer { fk_gray_mean($0.baseAddress!, $0.count / 3) }
  }
}
