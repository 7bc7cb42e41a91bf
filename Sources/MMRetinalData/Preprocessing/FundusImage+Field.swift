import Foundation

extension FundusImage {
  /// The image cropped to its circular field of view, with black pixels outside of the circle.
  ///
  /// The circle is fitted to the border of the lit pixels as far as it is inside of the frame, so that
  /// photographs whose field is cut at the top and bottom are cropped to what is left of it.
  /// - Returns: nil if there is no such circle.
  public func croppedToField() -> FundusImage? {
    guard let (circle, box) = field() else { return nil }
    var result = cropped(rows: box.rows, columns: box.columns).pixels
    for (row, y) in box.rows.enumerated() {
      // Half of the chord of this row.
      let height = Double(y) - circle.y
      let half = (circle.radius * circle.radius - height * height).squareRoot()
      for (column, x) in box.columns.enumerated() where !(abs(Double(x) - circle.x) <= half) {
        let start = (row * box.columns.count + column) * 3
        for channel in 0..<3 { result[start + channel] = 0 }
      }
    }
    return FundusImage(width: box.columns.count, height: box.rows.count, pixels: result)
  }

  /// The rows and columns of ``croppedToField()``; nil if there is no circle.
  public func fieldBox() -> (rows: Range<Int>, columns: Range<Int>)? { field()?.box }

  /// The circle in pixels of this image, and its bounding box as far as it is inside of the frame.
  private func field() -> (
    circle: (x: Double, y: Double, radius: Double), box: (rows: Range<Int>, columns: Range<Int>)
  )? {
    let work = WorkingImage(of: self, longestSide: 768)
    // A quarter of the circle must be visible to be sure of the rest.
    guard let found = FieldCircle(work.field, width: work.width, height: work.height),
      found.visible > 0.25
    else { return nil }
    let scale = Double(width) / Double(work.width)
    let x = (found.x + 0.5) * scale - 0.5
    let y = (found.y + 0.5) * scale - 0.5
    let radius = found.radius * scale
    func range(_ center: Double, _ size: Int) -> Range<Int> {
      let first = max(0, Int((center - radius).rounded(.up)))
      let last = min(Double(size - 1), (center + radius).rounded(.down))
      return first..<max(first, Int(last) + 1)
    }
    guard (0..<Double(width)).contains(x), (0..<Double(height)).contains(y) else { return nil }
    return ((x, y, radius), (range(y, height), range(x, width)))
  }
}
