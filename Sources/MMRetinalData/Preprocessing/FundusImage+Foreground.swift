import Foundation

extension FundusImage {
  /// The image cropped to its foreground, without the dark border.
  ///
  /// Pixels with a red value above ``LiThreshold`` are foreground; the image is cropped to the bounding box of
  /// its largest connected component (8-connectivity, the first in a tie). An image with constant red channel
  /// is not changed. As in FLAIR's transfer pipeline.
  public func croppedToForeground() -> FundusImage {
    guard let box = foregroundBox() else { return self }
    return cropped(rows: box.rows, columns: box.columns)
  }

  /// The bounding box of the foreground of ``croppedToForeground()``; nil if there is none.
  public func foregroundBox() -> (rows: Range<Int>, columns: Range<Int>)? {
    var histogram = [Int](repeating: 0, count: 256)
    for index in stride(from: 0, to: pixels.count, by: 3) { histogram[Int(pixels[index])] += 1 }
    let threshold = LiThreshold.threshold(histogram: histogram)
    // The first byte above the threshold.
    let lowest = Int(threshold.rounded(.down)) + 1
    guard lowest <= 255 else { return nil }
    var components = ConnectedRuns()
    for y in 0..<height {
      var x = 0
      while x < width {
        guard Int(pixels[(y * width + x) * 3]) >= lowest else {
          x += 1
          continue
        }
        let start = x
        while x < width, Int(pixels[(y * width + x) * 3]) >= lowest { x += 1 }
        components.add(row: y, columns: start..<x)
      }
    }
    return components.largest()
  }
}

/// The threshold of minimum cross entropy (Li and Tam, "An iterative algorithm for minimum cross
/// entropy thresholding", Pattern Recognition Letters 19, 1998).
public enum LiThreshold {
  /// Values above the result are foreground.
  ///
  /// Starts at the mean and stops at a change of at most 0.5, like scikit-image's `threshold_li` on
  /// integers.
  /// - Parameter histogram: the count of each value from 0.
  public static func threshold(histogram: [Int]) -> Double {
    guard let low = histogram.firstIndex(where: { $0 > 0 }),
      let high = histogram.lastIndex(where: { $0 > 0 }), low < high
    else { return Double(histogram.firstIndex { $0 > 0 } ?? 0) }
    let counts = histogram[low...high].map { Double(Float($0)) }
    func mean(_ values: Range<Int>) -> Double {
      var total = 0.0
      var weight = 0.0
      for value in values {
        total += Double(value) * counts[value]
        weight += counts[value]
      }
      return weight > 0 ? total / weight : .nan
    }
    var next = mean(0..<counts.count)
    var current = -1.0
    while abs(next - current) > 0.5 {
      current = next
      let border = min(max(Int(current.rounded(.down)) + 1, 0), counts.count)
      let (background, foreground) = (mean(0..<border), mean(border..<counts.count))
      if background == 0 || background.isNaN || foreground.isNaN { break }
      next = (background - foreground) / (log(background) - log(foreground))
    }
    return next + Double(low)
  }
}

/// Runs of foreground pixels, joined if they touch, also diagonally.
private struct ConnectedRuns {
  private struct Component {
    var parent: Int
    var area: Int
    var rows: Range<Int>
    var columns: Range<Int>
  }

  private var components: [Component] = []
  private var row = -1
  private var above: [(columns: Range<Int>, component: Int)] = []
  private var present: [(columns: Range<Int>, component: Int)] = []
  /// The first run of the row above that may touch the next run.
  private var candidate = 0

  /// Runs come row by row, from left to right.
  mutating func add(row newRow: Int, columns: Range<Int>) {
    if newRow != row {
      above = newRow == row + 1 ? present : []
      present = []
      candidate = 0
      row = newRow
    }
    var own = components.count
    components.append(
      Component(parent: own, area: columns.count, rows: newRow..<newRow + 1, columns: columns))
    while candidate < above.count, above[candidate].columns.upperBound < columns.lowerBound {
      candidate += 1
    }
    var index = candidate
    while index < above.count, above[index].columns.lowerBound <= columns.upperBound {
      own = join(above[index].component, own)
      index += 1
    }
    present.append((columns, own))
  }

  private mutating func root(_ index: Int) -> Int {
    var index = index
    while components[index].parent != index {
      components[index].parent = components[components[index].parent].parent
      index = components[index].parent
    }
    return index
  }

  /// Joins two components under the older one, so that roots are in the order of their first pixels.
  private mutating func join(_ a: Int, _ b: Int) -> Int {
    let (first, second) = (root(a), root(b))
    if first == second { return first }
    let (parent, child) = (min(first, second), max(first, second))
    let other = components[child]
    components[child].parent = parent
    components[parent].area += other.area
    components[parent].rows =
      min(
        components[parent].rows.lowerBound, other.rows.lowerBound)..<max(
        components[parent].rows.upperBound, other.rows.upperBound)
    components[parent].columns =
      min(
        components[parent].columns.lowerBound, other.columns.lowerBound)..<max(
        components[parent].columns.upperBound, other.columns.upperBound)
    return parent
  }

  func largest() -> (rows: Range<Int>, columns: Range<Int>)? {
    var best: Component?
    for (index, component) in components.enumerated() where component.parent == index {
      if component.area > best?.area ?? 0 { best = component }
    }
    return best.map { ($0.rows, $0.columns) }
  }
}
