import Foundation

extension Explanation {
  /// The picture with the map laid over it, `[S, S, 3]`, 0 to 1.
  ///
  /// The picture is shown in grey where the map is weak; the map's colours grow steadily brighter
  /// from violet to yellow, which people with any colour vision can order.
  /// - `picture`: `[S, S, 3]`, 0 to 1.
  public func overlay(on picture: Tensor, opacity: Float = 0.6) -> Tensor {
    precondition(picture.rank == 3 && picture.shape[2] == 3, "a picture is [S, S, 3]")
    let (height, width) = (picture.shape[0], picture.shape[1])
    let values = resized(height: height, width: width)
    let pixels = picture.scalars
    var result = [Float](repeating: 0, count: pixels.count)
    for index in values.indices {
      let base = index * 3
      let grey = 0.299 * pixels[base] + 0.587 * pixels[base + 1] + 0.114 * pixels[base + 2]
      let colour = Self.colour(values[index])
      let weight = opacity * values[index].squareRoot()
      for channel in 0..<3 {
        let plain = 0.5 * (grey + pixels[base + channel])
        result[base + channel] = min(max(plain * (1 - weight) + colour[channel] * weight, 0), 1)
      }
    }
    return Tensor(result, shape: picture.shape)
  }

  /// Red, green and blue, 0 to 1, of a value from 0 to 1. Lightness grows evenly.
  public static func colour(_ value: Float) -> [Float] {
    let stops: [[Float]] = [
      [0.05, 0.03, 0.30], [0.33, 0.06, 0.43], [0.60, 0.15, 0.40], [0.84, 0.28, 0.26],
      [0.96, 0.52, 0.12], [0.98, 0.80, 0.20], [0.99, 0.99, 0.65],
    ]
    let place = min(max(value, 0), 1) * Float(stops.count - 1)
    let low = min(Int(place), stops.count - 2)
    let share = place - Float(low)
    return (0..<3).map { stops[low][$0] * (1 - share) + stops[low + 1][$0] * share }
  }
}
