/// The layout of a page, for matching images to captions.
struct PageGeometry {
  private let page: CollectedPage
  private let captions: [BookCaption]
  /// The captions' boxes, widened to their columns.
  private let spans: [Box]
  /// Lines of text that separate images from captions.
  private let walls: [TextLine]
  private let drawings: [Box]

  init(_ page: CollectedPage, _ text: PageText) {
    self.page = page
    captions = text.captions
    let lines = text.body
    let boxes = lines.map(\.box) + text.captions.map(\.box)
    // The right side that most lines of a column have, by its left side.
    var columns: [Double: Double] = [:]
    for left in text.captions.map(\.box.left) where columns[left] == nil {
      let rights = boxes.filter { abs($0.left - left) < 8 }.map(\.right).sorted()
      columns[left] = rights[rights.count * 3 / 4]
    }
    spans = text.captions.map { caption in
      var box = caption.box
      if let right = columns[box.left], right > box.right {
        // Not over a column beside it.
        let limit =
          boxes.filter { $0.left > box.right && $0.overlapY(caption.box) > 0 }.map(\.left).min()
          ?? .infinity
        box.right = max(box.right, min(right, limit - 1))
      }
      return box
    }
    drawings = page.drawings.filter { drawing in
      !text.captions.contains { drawing.contains(x: $0.box.middleX, y: $0.box.middleY) }
        && drawing.area < 0.7 * page.width * page.height
    }
    walls = lines.filter { line in
      line.text.count > 12
        && !page.drawings.contains { $0.contains(x: line.box.middleX, y: line.box.middleY) }
        && !page.images.contains {
          $0.box.contains(x: line.box.middleX, y: line.box.middleY)
        }
    }
  }

  func distance(_ image: Int, _ caption: Int) -> Double {
    let (a, b) = (page.images[image].box, spans[caption])
    return max(0, -a.overlapX(b)) + max(0, -a.overlapY(b))
  }

  /// The nearest caption below or above an image that nothing separates from it.
  func caption(of image: Int, below: Bool) -> (caption: Int, distance: Double)? {
    let box = page.images[image].box
    var best: (Int, Double)?
    for index in captions.indices {
      let span = spans[index]
      guard span.overlapX(box) > 0.25 * min(span.width, box.width) else { continue }
      let gap = below ? captions[index].box.top - box.bottom : box.top - captions[index].box.bottom
      let slack = -0.35 * min(captions[index].box.height, box.height)
      guard gap > max(slack, -12) else { continue }
      if best.map({ gap < $0.1 }) ?? true { best = (index, gap) }
    }
    guard let best, !isSeparated(box, captions[best.0].box, below: below) else { return nil }
    return (best.0, max(0, best.1))
  }

  /// Whether text that is no part of the figure, or a drawing, lies between an image and a caption.
  private func isSeparated(_ image: Box, _ caption: Box, below: Bool) -> Bool {
    let (top, bottom) =
      below ? (image.bottom, caption.top) : (caption.bottom, image.top)
    guard bottom - top > 4 else { return false }
    let limits = (max(image.left, caption.left), min(image.right, caption.right))
    let strip = Box(
      left: min(limits.0, limits.1), top: top, right: max(limits.0, limits.1), bottom: bottom)
    func blocks(_ box: Box) -> Bool {
      box.middleY > top && box.middleY < bottom
        && box.overlapX(strip) > 0.3 * min(box.width, strip.width)
    }
    return walls.contains { blocks($0.box) && $0.box.width > 0.4 * strip.width }
      || drawings.contains { blocks($0) }
  }

  /// A caption beside an image, which has no image of its own above or below.
  func captionBeside(_ image: Int, below: Bool) -> (caption: Int, distance: Double)? {
    let box = page.images[image].box
    var best: (Int, Double)?
    for index in captions.indices {
      let caption = captions[index].box
      let gap = -caption.overlapX(box)
      guard gap > -3, gap < 60, caption.overlapY(box) > 0.5 * min(caption.height, box.height) else {
        continue
      }
      let hasOwn = page.images.contains { other in
        let distance = below ? caption.top - other.box.bottom : other.box.top - caption.bottom
        return other.box.overlapX(caption) > 0.4 * min(other.box.width, caption.width)
          && distance > -6 && distance < 40
          && !hasNearerCaption(other.box, than: index, below: below)
      }
      let between = page.images.contains {
        $0.box.overlapY(box) > 0.3 * min($0.box.height, box.height)
          && $0.box.middleX > min(caption.middleX, box.middleX)
          && $0.box.middleX < max(caption.middleX, box.middleX) && $0.box != box
      }
      if !hasOwn, best.map({ gap < $0.1 }) ?? true {
        best = (index, between ? gap + 10 : max(0, gap))
      }
    }
    return best.map { ($0.0, $0.1) }
  }

  /// Whether another caption stands between an image and a caption.
  private func hasNearerCaption(_ image: Box, than caption: Int, below: Bool) -> Bool {
    captions.indices.contains { index in
      let (near, far) = (captions[index].box, captions[caption].box)
      return index != caption && near.overlapX(image) > 0.25 * min(near.width, image.width)
        && (below
          ? near.top > image.bottom - 6 && near.bottom < far.top + 2
          : near.bottom < image.top + 6 && near.top > far.bottom - 2)
    }
  }

  /// Gives images without a caption that of their neighbor in the same row, or in the next one.
  func adoptNeighbors(_ assigned: inout [Int?]) {
    var changed = true
    while changed {
      changed = false
      for image in page.images.indices where assigned[image] == nil {
        let box = page.images[image].box
        var best: (Int, Double)?
        for other in page.images.indices where assigned[other] != nil {
          let there = page.images[other].box
          let inRow = box.overlapY(there) > 0.5 * min(box.height, there.height)
          let inColumn = box.overlapX(there) > 0.5 * min(box.width, there.width)
          let gap = inRow ? -box.overlapX(there) : inColumn ? -box.overlapY(there) : .infinity
          guard gap < (inRow ? 18 : 30), !isWalled(box, there) else { continue }
          if best.map({ gap < $0.1 }) ?? true { best = (assigned[other]!, gap) }
        }
        if let best {
          assigned[image] = best.0
          changed = true
        }
      }
    }
  }

  private func isWalled(_ a: Box, _ b: Box) -> Bool {
    let around = a.union(b)
    func covers(_ image: Box, _ box: Box) -> Bool {
      image.top < box.middleY && box.middleY < image.bottom
        && image.overlapX(box) > 0.5 * min(image.width, box.width)
    }
    func between(_ box: Box) -> Bool {
      around.top < box.middleY && box.middleY < around.bottom
        && around.overlapX(box) > 0.3 * min(around.width, box.width)
        && !covers(a, box) && !covers(b, box)
    }
    return captions.contains { between($0.box) } || walls.contains { between($0.box) }
  }

  /// Whether a caption has a drawing next to it.
  func hasDrawing(near caption: Int) -> Bool {
    let box = captions[caption].box
    return drawings.contains { drawing in
      drawing.overlapX(spans[caption]) > 0.2 * min(drawing.width, spans[caption].width)
        && max(drawing.top - box.bottom, box.top - drawing.bottom) < 60
    }
  }
}
