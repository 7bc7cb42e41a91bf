import Foundation

extension ModalityFeatures {
  /// 36 features: rows against columns, rings around the center, corners, symmetry.
  static func addLayout(of work: WorkingImage, to values: inout [Float]) {
    let (w, h) = (work.width, work.height)
    var rows = [Float](repeating: 0, count: h)
    var columns = [Float](repeating: 0, count: w)
    for y in 0..<h {
      for x in 0..<w {
        rows[y] += work.luma[y * w + x] / Float(w)
        columns[x] += work.luma[y * w + x] / Float(h)
      }
    }
    let spread = max(1e-4, deviation(work.luma))
    values += [deviation(rows) / spread, deviation(columns) / spread]
    values += binned(rows, 8)
    values += binned(columns, 4)
    // The strongest steps between neighboring rows and columns: borders of layers, sides of panels.
    values += [steepest(rows) / spread, steepest(columns) / spread]
    addRings(of: work, to: &values)
    var corners: [Float] = []
    let (cw, ch) = (max(1, w / 10), max(1, h / 10))
    for (left, top) in [(0, 0), (w - cw, 0), (0, h - ch), (w - cw, h - ch)] {
      var sum: Float = 0
      for y in top..<top + ch { for x in left..<left + cw { sum += work.luma[y * w + x] } }
      corners.append(sum / Float(cw * ch))
    }
    corners.sort()
    values += [corners[0], mean(corners), corners[3]]
    let mirrored = (0..<h * w).map { work.luma[$0 / w * w + (w - 1 - $0 % w)] }
    let flipped = (0..<h * w).map { work.luma[(h - 1 - $0 / w) * w + $0 % w] }
    values += [correlation(work.luma, mirrored), correlation(work.luma, flipped)]
    // How far an image resembles itself some pixels further along, and further down.
    for lag in [2, 6, 12] {
      values += [shifted(work, lag, 0), shifted(work, 0, lag)]
    }
  }

  /// 9 features: the mean of rings around the center, and how well one disc explains the image.
  private static func addRings(of work: WorkingImage, to values: inout [Float]) {
    let (w, h) = (work.width, work.height)
    let reach = Float(max(w, h)) / 2
    var sums = [Float](repeating: 0, count: 8)
    var counts = sums, squares = sums
    for y in 0..<h {
      for x in 0..<w {
        let dx = Float(x) + 0.5 - Float(w) / 2, dy = Float(y) + 0.5 - Float(h) / 2
        let ring = min(7, Int((dx * dx + dy * dy).squareRoot() / reach * 6.4))
        let value = work.luma[y * w + x]
        sums[ring] += value
        squares[ring] += value * value
        counts[ring] += 1
      }
    }
    let means = zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 }
    values += means
    var within: Float = 0
    for ring in means.indices { within += squares[ring] - counts[ring] * means[ring] * means[ring] }
    let variance = deviation(work.luma) * deviation(work.luma)
    values.append(1 - within / Float(w * h) / max(1e-6, variance))
  }

  /// 18 features: how wide the image is above a dark and below a white background, from top to bottom,
  /// and how high from left to right.
  static func addExtents(of work: WorkingImage, to values: inout [Float]) {
    let (w, h) = (work.width, work.height)
    for isDark in [true, false] {
      for part in 0..<6 {
        let y = min(h - 1, (2 * part + 1) * h / 12)
        values.append(extent((0..<w).map { work.luma[y * w + $0] }, isDark))
      }
      for part in 0..<3 {
        let x = min(w - 1, (2 * part + 1) * w / 6)
        values.append(extent((0..<h).map { work.luma[$0 * w + x] }, isDark))
      }
    }
  }

  private static func extent(_ line: [Float], _ isDark: Bool) -> Float {
    func shows(_ value: Float) -> Bool { isDark ? value > 0.1 : value < 0.9 }
    guard let first = line.firstIndex(where: shows), let last = line.lastIndex(where: shows) else {
      return 0
    }
    return Float(last - first + 1) / Float(line.count)
  }

  private static func binned(_ profile: [Float], _ bins: Int) -> [Float] {
    (0..<bins).map { bin in
      let start = bin * profile.count / bins
      let end = max(start + 1, (bin + 1) * profile.count / bins)
      return mean(Array(profile[min(start, profile.count - 1)..<min(end, profile.count)]))
    }
  }

  private static func steepest(_ profile: [Float]) -> Float {
    zip(profile, profile.dropFirst()).map { abs($0 - $1) }.max() ?? 0
  }

  private static func shifted(_ work: WorkingImage, _ dx: Int, _ dy: Int) -> Float {
    let (w, h) = (work.width, work.height)
    guard dx < w, dy < h else { return 0 }
    var first: [Float] = [], second: [Float] = []
    first.reserveCapacity(w * h)
    second.reserveCapacity(w * h)
    for y in 0..<h - dy {
      for x in 0..<w - dx {
        first.append(work.luma[y * w + x])
        second.append(work.luma[(y + dy) * w + x + dx])
      }
    }
    return correlation(first, second)
  }
}
