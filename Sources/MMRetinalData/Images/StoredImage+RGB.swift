extension StoredImage {
  /// The image as 8-bit RGB, as converted by Pillow's `convert("RGB")`.
  ///
  /// Alpha is dropped, not blended. Deep color keeps its upper byte; deep gray is clipped at 255 unless scaling
  /// is requested. Palette indices out of range give black.
  public func rgb(deepGray: DecodingOptions.DeepGray = .clipped) -> FundusImage {
    let count = width * height
    let bytes: [UInt8]
    switch samples {
    case .bytes(let values): bytes = values
    case .words(let values): bytes = lowered(values, deepGray: deepGray)
    }
    if kind == .rgb { return FundusImage(width: width, height: height, pixels: scaled(bytes)) }
    var result = [UInt8](repeating: 0, count: count * 3)
    switch kind {
    case .rgb: break
    case .gray, .grayAlpha:
      let values = scaled(bytes)
      for pixel in 0..<count {
        let value = values[pixel * channels]
        result[pixel * 3] = value
        result[pixel * 3 + 1] = value
        result[pixel * 3 + 2] = value
      }
    case .rgbAlpha:
      for pixel in 0..<count {
        for channel in 0..<3 { result[pixel * 3 + channel] = bytes[pixel * 4 + channel] }
      }
    case .rgbAssociatedAlpha:
      for pixel in 0..<count {
        let alpha = Int(bytes[pixel * 4 + 3])
        for channel in 0..<3 {
          let value = Int(bytes[pixel * 4 + channel])
          let straight = alpha == 0 || alpha == 255 ? value : min(255, 255 * value / alpha)
          result[pixel * 3 + channel] = UInt8(straight)
        }
      }
    case .palette:
      for pixel in 0..<count {
        let entry = Int(bytes[pixel]) * 3
        for channel in 0..<3 { result[pixel * 3 + channel] = palette[entry + channel] }
      }
    case .cmyk:
      for pixel in 0..<count {
        let white = 255 - Int(bytes[pixel * 4 + 3])
        for channel in 0..<3 {
          let product = Int(bytes[pixel * 4 + channel]) * white + 128
          result[pixel * 3 + channel] = UInt8(max(0, white - (product >> 8 + product) >> 8))
        }
      }
    }
    return FundusImage(width: width, height: height, pixels: result)
  }

  /// Whether clipping has an effect: one channel, with values above 255.
  var isDeepGray: Bool {
    guard kind == .gray, case .words(let values) = samples else { return false }
    return values.contains { $0 > 255 }
  }

  /// Converts 16-bit values to 0 to 255.
  private func lowered(_ words: [UInt16], deepGray: DecodingOptions.DeepGray) -> [UInt8] {
    switch (kind, deepGray) {
    case (.gray, .clipped): words.map { UInt8(min($0, 255)) }
    case (.gray, .scaled):
      words.map { UInt8(min(255, (Int($0) * 255 * 2 + largest) / (2 * largest))) }
    default: words.map { UInt8(truncatingIfNeeded: $0 >> 8) }
    }
  }

  /// Scales values of fewer than 8 bits to 0 to 255.
  private func scaled(_ bytes: [UInt8]) -> [UInt8] {
    guard case .bytes = samples, largest < 255, kind != .palette else { return bytes }
    // Exact for 1, 2 and 4 bits, where 255 is a multiple of the largest value.
    let table = (0...255).map { UInt8(min(255, ($0 * 255 * 2 + largest) / (2 * largest))) }
    return bytes.map { table[Int($0)] }
  }
}
