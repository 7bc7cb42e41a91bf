import Foundation

extension Explanation {
  /// The raw map over the photograph, `[height, width]` at its original resolution, in units of the score;
  /// 0 where the model does not see the photograph.
  public func raw(over photograph: Photograph) -> Tensor {
    let (height, width) = (photograph.image.height, photograph.image.width)
    let shown = overPhotograph(
      height: photograph.seen.rows.count, width: photograph.seen.columns.count)
    var values = [Float](repeating: 0, count: height * width)
    for (line, y) in photograph.seen.rows.enumerated() {
      for (column, x) in photograph.seen.columns.enumerated() {
        values[y * width + x] = shown[line * photograph.seen.columns.count + column] * maximum
      }
    }
    return Tensor(values, shape: [height, width])
  }

  /// The photograph at its original resolution, overlaid with the map.
  ///
  /// Its colors are faded where the map is weak; the map's colors get steadily brighter from violet to
  /// yellow, so that they can be ordered with any color vision.
  /// - Parameters:
  ///   - photograph: the explained photograph.
  ///   - top: the raw value of the brightest color; nil for the map's maximum.
  ///   - opacity: the opacity of the brightest color, 0 to 1.
  public func overlay(
    on photograph: Photograph, top: Float? = nil, opacity: Float = 0.6
  ) -> FundusImage {
    let values = raw(over: photograph).scalars
    let top = top ?? maximum
    var pixels = photograph.image.pixels
    for (index, raw) in values.enumerated() {
      let value = top > 0 ? min(max(raw / top, 0), 1) : 0
      let color = Self.color(value)
      let weight = opacity * value.squareRoot()
      let base = index * 3
      let gray =
        0.299 * Float(pixels[base]) + 0.587 * Float(pixels[base + 1])
        + 0.114 * Float(pixels[base + 2])
      for channel in 0..<3 {
        let plain = 0.5 * (gray + Float(pixels[base + channel]))
        let mixed = plain * (1 - weight) + 255 * color[channel] * weight
        pixels[base + channel] = UInt8(min(max(mixed, 0), 255).rounded())
      }
    }
    return FundusImage(
      width: photograph.image.width, height: photograph.image.height, pixels: pixels)
  }

  /// Red, green and blue, 0 to 1, of a value from 0 to 1. Lightness increases uniformly.
  public static func color(_ value: Float) -> [Float] {
    let stops: [[Float]] = [
      [0.05, 0.03, 0.30], [0.33, 0.06, 0.43], [0.60, 0.15, 0.40], [0.84, 0.28, 0.26],
      [0.96, 0.52, 0.12], [0.98, 0.80, 0.20], [0.99, 0.99, 0.65],
    ]
    let place = value.isFinite ? min(max(value, 0), 1) * Float(stops.count - 1) : 0
    let low = min(Int(place), stops.count - 2)
    let share = place - Float(low)
    return (0..<3).map { stops[low][$0] * (1 - share) + stops[low + 1][$0] * share }
  }
}
