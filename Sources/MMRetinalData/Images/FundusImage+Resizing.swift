extension FundusImage {
  /// The image resized as Pillow's `resize` with `Image.BILINEAR` does it: bytes in and out, shrinking
  /// averages under a triangle, rows first and then columns, each rounded to bytes.
  ///
  /// The arithmetic is Pillow's fixed point with 22 fractional bits, so that the bytes are the same. Pillow 13
  /// begins with the columns where the height shrinks far more than the width; the bytes of such images are
  /// those of Pillow up to 12, which the published models were trained with.
  /// - Parameters:
  ///   - width: pixels in a row of the result.
  ///   - height: rows of the result.
  /// - Precondition: both are positive.
  public func resized(width: Int, height: Int) -> FundusImage {
    precondition(width > 0 && height > 0, "a size of \(width) x \(height)")
    var pixels = pixels
    if width != self.width {
      let taps = TriangleTaps(from: self.width, to: width)
      pixels = taps.horizontally(pixels, rows: self.height)
    }
    if height != self.height {
      let taps = TriangleTaps(from: self.height, to: height)
      pixels = taps.vertically(pixels, columns: width)
    }
    return FundusImage(width: width, height: height, pixels: pixels)
  }
}

/// Which samples of a line a sample of the resized line is the mean of, with weights in fixed point.
private struct TriangleTaps {
  private static let fractionBits = 22
  private let inputCount: Int
  private let outputCount: Int
  private let first: [Int]
  private let weights: [[Int32]]

  init(from inputCount: Int, to outputCount: Int) {
    self.inputCount = inputCount
    self.outputCount = outputCount
    let scale = Double(inputCount) / Double(outputCount)
    let support = max(scale, 1)
    var first: [Int] = []
    var weights: [[Int32]] = []
    for output in 0..<outputCount {
      let center = (Double(output) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let end = min(inputCount, Int(center + support + 0.5))
      let raw = (start..<end).map { input in
        max(0, 1 - abs((Double(input) - center + 0.5) / support))
      }
      let sum = raw.reduce(0, +)
      first.append(start)
      weights.append(
        raw.map { weight in
          Int32((sum == 0 ? weight : weight / sum) * Double(1 << Self.fractionBits) + 0.5)
        })
    }
    self.first = first
    self.weights = weights
  }

  private static func byte(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> Int32(fractionBits), 0), 255))
  }

  private static let half = Int32(1) << Int32(fractionBits - 1)

  /// RGB rows to rows of the new width.
  func horizontally(_ pixels: [UInt8], rows: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(rows * outputCount * 3)
    for row in 0..<rows {
      let line = row * inputCount * 3
      for output in 0..<outputCount {
        var sums = SIMD4<Int32>(repeating: Self.half)
        var place = line + first[output] * 3
        for weight in weights[output] {
          sums &+=
            weight
            &* SIMD4(Int32(pixels[place]), Int32(pixels[place + 1]), Int32(pixels[place + 2]), 0)
          place += 3
        }
        for channel in 0..<3 { result.append(Self.byte(sums[channel])) }
      }
    }
    return result
  }

  /// RGB rows to another number of rows.
  func vertically(_ pixels: [UInt8], columns: Int) -> [UInt8] {
    let stride = columns * 3
    var result: [UInt8] = []
    result.reserveCapacity(outputCount * stride)
    var sums = [Int32](repeating: 0, count: stride)
    for output in 0..<outputCount {
      for column in 0..<stride { sums[column] = Self.half }
      for (offset, weight) in weights[output].enumerated() {
        let line = (first[output] + offset) * stride
        for column in 0..<stride { sums[column] &+= weight &* Int32(pixels[line + column]) }
      }
      for column in 0..<stride { result.append(Self.byte(sums[column])) }
    }
    return result
  }
}
