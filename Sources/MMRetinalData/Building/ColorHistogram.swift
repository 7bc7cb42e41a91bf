/// The joint histogram of hue, saturation and value that images are sorted into modalities by.
public struct ColorHistogram: Sendable, Hashable {
  /// 8 x 8 x 8 bins in the order hue, saturation, value, scaled to a norm of one.
  public let bins: [Float]
  /// The mean saturation, 0 to 1.
  public let meanSaturation: Float
  /// The share of pixels whose value is below 1/8.
  public let darkShare: Float

  /// The histogram of an image, in the 8-bit HSV of OpenCV (hue 0…179, saturation and value 0…255).
  public init(of image: FundusImage) {
    var counts = [Int](repeating: 0, count: 512)
    var saturation = 0
    var dark = 0
    for index in stride(from: 0, to: image.pixels.count, by: 3) {
      let (h, s, v) = Self.hsv(
        red: Int(image.pixels[index]), green: Int(image.pixels[index + 1]),
        blue: Int(image.pixels[index + 2]))
      counts[(8 * h / 180) * 64 + (s / 32) * 8 + v / 32] += 1
      saturation += s
      if v < 32 { dark += 1 }
    }
    let norm = counts.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    bins = counts.map { Float(Double($0) / norm) }
    let pixels = Double(image.width * image.height)
    meanSaturation = Float(Double(saturation) / pixels / 255)
    darkShare = Float(Double(dark) / pixels)
  }

  /// Hue, saturation and value in fixed-point arithmetic with 12 fractional bits, as OpenCV computes
  /// them.
  static func hsv(red: Int, green: Int, blue: Int) -> (Int, Int, Int) {
    let value = max(red, green, blue)
    let range = value - min(red, green, blue)
    guard range > 0 else { return (0, 0, value) }
    func divided(_ numerator: Int, by divisor: Int) -> Int {
      // Rounded to the nearest, halves to even, as the table of the original is made.
      Int((Double(numerator << 12) / Double(divisor)).rounded(.toNearestOrEven))
    }
    let saturation = (range * divided(255, by: value) + (1 << 11)) >> 12
    let hue: Int
    if value == red {
      hue = green - blue
    } else if value == green {
      hue = blue - red + 2 * range
    } else {
      hue = red - green + 4 * range
    }
    let scaled = (hue * divided(180, by: 6 * range) + (1 << 11)) >> 12
    return (scaled < 0 ? scaled + 180 : scaled, saturation, value)
  }

  /// The Euclidean distance of two histograms.
  public func distance(to other: ColorHistogram) -> Float {
    KMeans.squaredDistance(bins, other.bins).squareRoot()
  }
}
