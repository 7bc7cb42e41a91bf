import Foundation

/// Numeric features that distinguish fundus photographs, angiograms, OCT scans and other images: colors, gray
/// levels, where the image is dark or white, layers, edges and texture.
package struct ModalityFeatures: Sendable {
  /// The features, ``count`` of them; most lie between 0 and 1.
  package let values: [Float]

  /// The number of features.
  package static let count = 122

  /// Measures an image. About a millisecond for 512 x 512 pixels.
  package init(of image: FundusImage) {
    let work = WorkingImage(of: image)
    var values: [Float] = []
    values.reserveCapacity(Self.count)
    Self.addColors(of: work, to: &values)
    Self.addTones(of: work, to: &values)
    Self.addLayout(of: work, to: &values)
    Self.addExtents(of: work, to: &values)
    Self.addEdges(of: work, to: &values)
    Self.addTexture(of: work, to: &values)
    values.append(log(Float(image.width) / Float(image.height)).clamped(to: -2...2))
    precondition(values.count == Self.count, "\(values.count) features")
    self.values = values.map { $0.isFinite ? $0 : 0 }
  }

  // MARK: - Color and gray levels

  /// 20 features: how much color there is, and which.
  private static func addColors(of work: WorkingImage, to values: inout [Float]) {
    let n = Float(work.luma.count)
    var hues = [Float](repeating: 0, count: 8)
    var (strong, faint, sine, cosine, total) = (Float(0), Float(0), Float(0), Float(0), Float(0))
    var differences = [Float](repeating: 0, count: 3)
    var lit: Float = 0
    for i in work.luma.indices {
      let (r, g, b, chroma) = (work.red[i], work.green[i], work.blue[i], work.chroma[i])
      if work.luma[i] > 0.08 {
        lit += 1
        differences[0] += r - g
        differences[1] += g - b
        differences[2] += abs(r - g) + abs(g - b)
      }
      total += chroma
      if chroma > 0.25 { strong += 1 }
      guard chroma > 0.06 else { continue }
      faint += 1
      let largest = max(r, g, b)
      let sixth: Float =
        largest == r
        ? (g - b) / chroma : largest == g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma
      let angle = sixth * .pi / 3
      sine += chroma * sin(angle)
      cosine += chroma * cos(angle)
      // Half a bin of offset keeps red, at an angle of zero, in one bin.
      let turn = (angle / (2 * .pi) + 1 + 1 / 16).truncatingRemainder(dividingBy: 1)
      hues[min(7, Int(turn * 8))] += chroma
    }
    values += [total / n, strong / n, faint / n, deviation(work.chroma)]
    values += hues.map { 2 * $0 / n }
    let length = (sine * sine + cosine * cosine).squareRoot()
    values += [sine / n * 2, cosine / n * 2, length / max(1e-6, total) * min(1, 10 * total / n)]
    values += differences.map { $0 / max(1, lit) }
    // How many different colors there are among the colored pixels, and how they vary with brightness.
    values += [correlation(work.luma, work.chroma) * min(1, 10 * total / n), lit / n]
  }

  /// 19 features: the histogram of gray levels and how few colors make up the image.
  private static func addTones(of work: WorkingImage, to values: inout [Float]) {
    let n = Float(work.luma.count)
    var histogram = [Float](repeating: 0, count: 10)
    var colors: [Int: Int] = [:]
    var (white, black) = (Float(0), Float(0))
    for i in work.luma.indices {
      histogram[min(9, Int(work.luma[i] * 10))] += 1
      if work.luma[i] > 0.94, work.chroma[i] < 0.06 { white += 1 }
      if work.luma[i] < 0.04 { black += 1 }
      let key =
        Int(work.red[i] * 15.99) << 8 | Int(work.green[i] * 15.99) << 4
        | Int(work.blue[i] * 15.99)
      colors[key, default: 0] += 1
    }
    values += histogram.map { $0 / n }
    let counts = colors.values.sorted(by: >)
    let entropy = counts.reduce(Float(0)) { $0 - Float($1) / n * log(Float($1) / n) }
    values += [
      mean(work.luma), deviation(work.luma), white / n, black / n, entropy / 6,
      Float(counts[0]) / n, Float(counts.count > 1 ? counts[1] : 0) / n,
      Float(counts.prefix(4).reduce(0, +)) / n, min(1, Float(counts.count) / 400),
    ]
  }

  // MARK: - Arithmetic

  static func mean(_ values: [Float]) -> Float {
    values.isEmpty ? 0 : values.reduce(0, +) / Float(values.count)
  }

  static func deviation(_ values: [Float]) -> Float {
    let middle = mean(values)
    return mean(values.map { ($0 - middle) * ($0 - middle) }).squareRoot()
  }

  /// Pearson's; zero where one of the two does not vary.
  static func correlation(_ a: [Float], _ b: [Float]) -> Float {
    let (x, y) = (mean(a), mean(b))
    var (product, first, second) = (Float(0), Float(0), Float(0))
    for (p, q) in zip(a, b) {
      product += (p - x) * (q - y)
      first += (p - x) * (p - x)
      second += (q - y) * (q - y)
    }
    let scale = (first * second).squareRoot()
    return scale > 1e-9 ? product / scale : 0
  }
}

extension Comparable {
  fileprivate func clamped(to range: ClosedRange<Self>) -> Self {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
