import CFundusKernels

/// What augmentation does to one picture `[H, W, 3]` in place, without gradients.
package enum PictureKernels {
  /// Mirrors left to right.
  package static func flip(_ picture: inout MutableSpan<Float>, height: Int, width: Int) {
    precondition(picture.count == height * width * 3)
    picture.withUnsafeMutableBufferPointer { fk_flip_columns($0.baseAddress!, height, width) }
  }

  /// Takes each pixel (x, y) from (m0 x + m1 y + m2, m3 x + m4 y + m5), bilinear, black outside.
  package static func transform(
    _ picture: inout MutableSpan<Float>, height: Int, width: Int, by map: [Double]
  ) {
    precondition(picture.count == height * width * 3 && map.count == 6)
    picture.withUnsafeMutableBufferPointer { buffer in
      // The kernel may read a float past the end.
      let source = Tensor(uninitialized: [buffer.count + 1])
      source.mutablePointer.update(from: buffer.baseAddress!, count: buffer.count)
      source.mutablePointer[buffer.count] = 0
      fk_affine_bilinear(source.pointer, height, width, map, buffer.baseAddress!)
    }
  }

  /// clamp(scale · x + shift, 0, 1).
  package static func scaleAndClamp(
    _ picture: inout MutableSpan<Float>, scale: Float, shift: Float
  ) {
    picture.withUnsafeMutableBufferPointer {
      fk_scale_clamp($0.baseAddress!, $0.count, scale, shift)
    }
  }

  /// The mean of 0.299 R + 0.587 G + 0.114 B over all pixels.
  package static func greyMean(_ picture: inout MutableSpan<Float>) -> Double {
    picture.withUnsafeMutableBufferPointer { fk_grey_mean($0.baseAddress!, $0.count / 3) }
  }
}
