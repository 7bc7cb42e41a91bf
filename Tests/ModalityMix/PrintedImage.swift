import Foundation
import FundusSynthesis
import MMRetinalData

/// What happens to an image on its way into a book: crops, letters and arrows, frames, contrast, grain.
enum PrintedImage {
  static func printed(
    _ image: FundusImage, modality: BookModality, _ stream: inout RandomStream
  ) -> FundusImage {
    var image = image
    if stream.uniform() < 0.5 {
      let part = stream.uniform(in: 0.7..<1), other = stream.uniform(in: 0.7..<1)
      let (w, h) = (
        max(12, Int(Float(image.width) * part)), max(12, Int(Float(image.height) * other))
      )
      image = image.cropped(
        x: stream.index(below: image.width - w + 1), y: stream.index(below: image.height - h + 1),
        w, h)
    }
    if stream.uniform() < 0.5 { image = image.mirrored() }
    if stream.uniform() < 0.7 {
      let gamma = stream.uniform(in: 0.65..<1.5), gain = stream.uniform(in: 0.75..<1.15)
      let lift = stream.uniform(in: 0..<0.1)
      let table = (0..<256).map { value -> UInt8 in
        let plain = Float(value) / 255
        let changed: Float = pow(plain, gamma) * gain + lift * (1 - plain)
        return UInt8(min(max(changed, 0), 1) * 255)
      }
      image = image.mapped { r, g, b, _ in (table[Int(r)], table[Int(g)], table[Int(b)]) }
    }
    if stream.uniform() < 0.3 {
      let balance = (0..<3).map { _ in stream.uniform(in: 0.94..<1.06) }
      image = image.mapped { r, g, b, _ in
        func scaled(_ value: UInt8, _ channel: Int) -> UInt8 {
          UInt8(min(255, Float(value) * balance[channel]))
        }
        return (scaled(r, 0), scaled(g, 1), scaled(b, 2))
      }
    }
    if stream.uniform() < 0.3 {
      let level = stream.uniform(in: 1..<9)
      var noise = stream.derived("grain")
      image = image.mapped { r, g, b, _ in
        let change = level * (noise.uniform() - 0.5) * 2
        func moved(_ value: UInt8) -> UInt8 { UInt8(min(255, max(0, Float(value) + change))) }
        return (moved(r), moved(g), moved(b))
      }
    }
    if stream.uniform() < 0.35 { image = image.lettered(&stream) }
    if stream.uniform() < 0.15 {
      let side = 1 + stream.index(below: 5), level: UInt8 = stream.uniform() < 0.7 ? 255 : 0
      image = image.framed(side, level)
    }
    if stream.uniform() < 0.25 { image = image.shrunk(stream.uniform(in: 0.35..<0.9)) }
    return image
  }
}

extension FundusImage {
  /// Changes each pixel; the last argument is its gray.
  func mapped(_ change: (UInt8, UInt8, UInt8, UInt8) -> (UInt8, UInt8, UInt8)) -> FundusImage {
    var bytes = pixels
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let (r, g, b) = (bytes[start], bytes[start + 1], bytes[start + 2])
      let sum: Int = 299 * Int(r) + 587 * Int(g) + 114 * Int(b)
      let gray = UInt8(sum / 1000)
      (bytes[start], bytes[start + 1], bytes[start + 2]) = change(r, g, b, gray)
    }
    return FundusImage(width: width, height: height, pixels: bytes)
  }

  /// Changes each pixel by its gray.
  func mapped(_ change: (UInt8, UInt8, UInt8) -> (UInt8, UInt8, UInt8)) -> FundusImage {
    mapped { _, _, _, gray in change(gray, gray, gray) }
  }

  func cropped(x: Int, y: Int, _ w: Int, _ h: Int) -> FundusImage {
    placed(w, h) { column, row in (x + column, y + row) }
  }

  func mirrored() -> FundusImage { placed(width, height) { (width - 1 - $0, $1) } }

  /// Every pixel from another place.
  private func placed(_ w: Int, _ h: Int, _ from: (Int, Int) -> (Int, Int)) -> FundusImage {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * w * h)
    for row in 0..<h {
      for column in 0..<w {
        let (x, y) = from(column, row)
        let start = 3 * (min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1))
        bytes += pixels[start..<start + 3]
      }
    }
    return FundusImage(width: w, height: h, pixels: bytes)
  }

  func framed(_ side: Int, _ level: UInt8) -> FundusImage {
    let (w, h) = (width + 2 * side, height + 2 * side)
    var bytes = [UInt8](repeating: level, count: 3 * w * h)
    for row in 0..<height {
      let start = 3 * ((row + side) * w + side)
      bytes.replaceSubrange(
        start..<start + 3 * width, with: pixels[3 * row * width..<3 * (row + 1) * width])
    }
    return FundusImage(width: w, height: h, pixels: bytes)
  }

  /// Nearest neighbors of a box mean: good enough for a change of size.
  func shrunk(_ scale: Float) -> FundusImage {
    let (w, h) = (max(12, Int(Float(width) * scale)), max(12, Int(Float(height) * scale)))
    return placed(w, h) { ($0 * width / w, $1 * height / h) }
  }

  /// A letter in a corner, perhaps arrows.
  func lettered(_ stream: inout RandomStream) -> FundusImage {
    var bytes = pixels
    func paint(_ left: Int, _ top: Int, _ right: Int, _ bottom: Int, _ level: UInt8) {
      for y in max(0, top)..<max(0, top, min(height, bottom)) {
        for x in max(0, left)..<max(0, left, min(width, right)) {
          for channel in 0..<3 { bytes[3 * (y * width + x) + channel] = level }
        }
      }
    }
    let size = max(6, min(width, height) / (7 + stream.index(below: 5))), line = max(1, size / 6)
    let (left, top) = (
      stream.uniform() < 0.6 ? 4 : width - size - 4, stream.uniform() < 0.6 ? 4 : height - size - 4
    )
    let level: UInt8 = stream.uniform() < 0.7 ? 255 : 0
    if stream.uniform() < 0.3 {
      paint(left - 3, top - 3, left + size + 3, top + size + 3, 255 - level)
    }
    paint(left, top, left + line, top + size, level)
    paint(left, top, left + size * 2 / 3, top + line, level)
    paint(left, top + size / 2, left + size * 2 / 3, top + size / 2 + line, level)
    paint(left + size * 2 / 3 - line, top, left + size * 2 / 3, top + size, level)
    for _ in 0..<stream.index(below: 3) {
      let (x, y) = (stream.index(below: width), stream.index(below: height))
      paint(x, y, x + size, y + line, level)
      paint(x, y - line, x + line * 2, y + 2 * line, level)
    }
    return FundusImage(width: width, height: height, pixels: bytes)
  }
}
