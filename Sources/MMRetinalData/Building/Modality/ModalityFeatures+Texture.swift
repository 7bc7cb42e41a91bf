import Foundation

extension ModalityFeatures {
  /// 16 features: how strong edges are, which way they run, and how much of the image is flat; at two scales.
  static func addEdges(of work: WorkingImage, to values: inout [Float]) {
    var (plane, w, h) = (work.luma, work.width, work.height)
    for _ in 0..<2 {
      var (across, along, flat, weak, strong) = (Float(0), Float(0), Float(0), Float(0), Float(0))
      var directions = [Float](repeating: 0, count: 4)
      for y in 0..<max(0, h - 1) {
        for x in 0..<max(0, w - 1) {
          let dx = plane[y * w + x + 1] - plane[y * w + x]
          let dy = plane[(y + 1) * w + x] - plane[y * w + x]
          across += abs(dx)
          along += abs(dy)
          let size = (dx * dx + dy * dy).squareRoot()
          if size < 0.006 { flat += 1 }
          if size > 0.06 { weak += 1 }
          if size > 0.2 { strong += 1 }
          var angle = atan2(dy, dx)
          if angle < 0 { angle += .pi }
          directions[Int((angle / .pi * 4).rounded()) % 4] += size
        }
      }
      let n = Float(max(1, (w - 1) * (h - 1))), total = max(1e-6, directions.reduce(0, +))
      values += [(across + along) / n * 4, along / max(1e-6, across + along), flat / n]
      values += [weak / n, strong / n * 2]
      values += [directions[0] / total, directions[1] / total, directions[2] / total]
      (plane, w, h) = WorkingImage.halved(plane, width: w, height: h)
    }
  }

  /// 12 features: lines and spots brighter or darker than their surroundings, grain, and where it is.
  static func addTexture(of work: WorkingImage, to values: inout [Float]) {
    let (w, h) = (work.width, work.height)
    let fine = WorkingImage.boxed(work.luma, width: w, height: h, radius: 1)
    let coarse = WorkingImage.boxed(work.luma, width: w, height: h, radius: 4)
    let wide = WorkingImage.boxed(work.luma, width: w, height: h, radius: 10)
    let spread = max(0.01, deviation(work.luma))
    for (a, b) in [(work.luma, fine), (fine, coarse), (coarse, wide)] {
      var (bright, dark, square, fourth) = (Float(0), Float(0), Float(0), Float(0))
      for i in a.indices {
        let difference = a[i] - b[i]
        if difference > 0 { bright += difference } else { dark -= difference }
        square += difference * difference
        fourth += difference * difference * difference * difference
      }
      let n = Float(a.count), variance = square / n
      values += [
        (bright + dark) / n / spread, (bright - dark) / max(1e-6, bright + dark),
        variance.squareRoot() * 5, min(20, fourth / n / max(1e-9, variance * variance)) / 20,
      ]
    }
  }
}
