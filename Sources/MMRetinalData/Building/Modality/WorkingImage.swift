import Foundation

/// A small copy of an image in floating point, on which the features of ``ModalityFeatures`` are measured.
///
/// The longest side is 96 pixels at most (or as asked for), each the mean of the pixels that it covers; an
/// image that is smaller keeps its size. All planes hold values from 0 to 1, row by row.
struct WorkingImage: Sendable {
  static let longestSide = 96

  let width: Int
  let height: Int
  let red: [Float]
  let green: [Float]
  let blue: [Float]
  /// Rec. 601 luma.
  let luma: [Float]
  /// The largest minus the smallest channel.
  let chroma: [Float]

  /// - `longestSide`: the longest side of the copy in pixels.
  init(of image: FundusImage, longestSide: Int = Self.longestSide) {
    let scale = max(1, Float(max(image.width, image.height)) / Float(longestSide))
    let width = max(1, Int((Float(image.width) / scale).rounded()))
    let height = max(1, Int((Float(image.height) / scale).rounded()))
    // In very large images every n-th pixel is enough: at least 8 x 8 are averaged for each.
    let step = max(1, Int(scale) / 8)
    var planes = [[Float]](repeating: [Float](repeating: 0, count: width * height), count: 3)
    for y in 0..<height {
      let rows = FundusImage.part(y, of: height, size: image.height)
      for x in 0..<width {
        let columns = FundusImage.part(x, of: width, size: image.width)
        var (r, g, b, count) = (0, 0, 0, 0)
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: step) {
          for column in stride(from: columns.lowerBound, to: columns.upperBound, by: step) {
            let start = (row * image.width + column) * 3
            r += Int(image.pixels[start])
            g += Int(image.pixels[start + 1])
            b += Int(image.pixels[start + 2])
            count += 1
          }
        }
        let share = 1 / (255 * Float(count))
        planes[0][y * width + x] = Float(r) * share
        planes[1][y * width + x] = Float(g) * share
        planes[2][y * width + x] = Float(b) * share
      }
    }
    self.width = width
    self.height = height
    (red, green, blue) = (planes[0], planes[1], planes[2])
    luma = (0..<width * height).map {
      0.299 * planes[0][$0] + 0.587 * planes[1][$0] + 0.114 * planes[2][$0]
    }
    chroma = (0..<width * height).map {
      max(planes[0][$0], planes[1][$0], planes[2][$0])
        - min(planes[0][$0], planes[1][$0], planes[2][$0])
    }
  }

  /// The mean of a plane within 2 x 2 blocks; odd borders are dropped.
  static func halved(_ plane: [Float], width: Int, height: Int) -> (
    plane: [Float], width: Int, height: Int
  ) {
    let (w, h) = (max(1, width / 2), max(1, height / 2))
    guard width > 1, height > 1 else { return (plane, width, height) }
    var result = [Float](repeating: 0, count: w * h)
    for y in 0..<h {
      for x in 0..<w {
        let start = 2 * y * width + 2 * x
        result[y * w + x] =
          (plane[start] + plane[start + 1] + plane[start + width] + plane[start + width + 1]) / 4
      }
    }
    return (result, w, h)
  }

  /// The mean of a plane within squares of side 2r + 1, cut at the border.
  static func boxed(_ plane: [Float], width: Int, height: Int, radius: Int) -> [Float] {
    var sums = [Double](repeating: 0, count: (width + 1) * (height + 1))
    for y in 0..<height {
      var row = 0.0
      for x in 0..<width {
        row += Double(plane[y * width + x])
        sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row
      }
    }
    var result = plane
    for y in 0..<height {
      let (top, bottom) = (max(0, y - radius), min(height, y + radius + 1))
      for x in 0..<width {
        let (left, right) = (max(0, x - radius), min(width, x + radius + 1))
        let sum =
          sums[bottom * (width + 1) + right] - sums[top * (width + 1) + right]
          - sums[bottom * (width + 1) + left] + sums[top * (width + 1) + left]
        result[y * width + x] = Float(sum / Double((bottom - top) * (right - left)))
      }
    }
    return result
  }
}
