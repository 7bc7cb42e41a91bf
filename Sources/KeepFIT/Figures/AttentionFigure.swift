import Foundation

/// A figure of the attention maps of a report model, with one cell per word.
///
/// Each cell shows the preprocessed image, overlaid with the attention of the decoder's last layer to the
/// patches (the mean over heads, from the word's minimum to its maximum), and the word below.
public struct AttentionFigure {
  /// The sides of a cell's image.
  private static let side = 112
  private static let columns = 8
  private static let margin = 8
  private static let ink: [UInt8] = [31, 41, 51]

  /// A study with its report.
  public struct Study {
    /// The preprocessed image.
    public let image: FundusImage
    let title: String
    let words: [String]
    /// `[words, rows, columns]`.
    let maps: Tensor

    /// A study with its report.
    /// - Parameters:
    ///   - image: the preprocessed image, of any size.
    ///   - title: the title, for example the file name.
    ///   - words: the words of the report.
    ///   - maps: `[words, rows, columns]`, the attention of each word to the patches.
    public init(image: FundusImage, title: String, words: [String], maps: Tensor) {
      precondition(
        maps.rank == 3 && maps.shape[0] == words.count,
        "\(words.count) words with maps of \(maps.shape)")
      self.image = image
      self.title = title
      self.words = words
      self.maps = maps
    }

    /// The image overlaid with the mean attention of all words; the image alone for an empty report.
    public func overlay() -> FundusImage {
      words.isEmpty
        ? image : AttentionFigure.overlay(image, map: maps.mean(axis: 0))
    }
  }

  /// The studies below each other.
  /// - Parameter studies: at least one.
  public static func draw(_ studies: [Study]) -> FundusImage {
    precondition(!studies.isEmpty, "no study to draw")
    let width = columns * (side + margin) + margin
    let letters = (width - 2 * margin) / BitmapFont.advance
    let line = BitmapFont.lineHeight
    let cell = side + line + margin
    let blocks = studies.map { study in
      let lines =
        BitmapFont.wrap(study.title, letters: letters)
        + BitmapFont.wrap(
          study.words.isEmpty ? "(an empty report)" : study.words.joined(separator: " "),
          letters: letters)
      let rows = (study.words.count + columns - 1) / columns
      return (study, lines, height: margin * 2 + lines.count * line + rows * cell)
    }
    var canvas = FigureCanvas(width: width, height: blocks.reduce(margin) { $0 + $1.height })
    var top = margin
    for (study, lines, height) in blocks {
      var y = top
      for text in lines {
        canvas.text(text, x: margin, y: y, scale: 1, color: ink)
        y += line
      }
      y += margin
      let image = study.image.resized(width: side, height: side)
      for (index, word) in study.words.enumerated() {
        let x = margin + index % columns * (side + margin)
        let row = y + index / columns * cell
        canvas.draw(
          overlay(image, map: study.maps.sliced(index..<index + 1).squeezed(axis: 0)), x: x, y: row)
        canvas.text(
          String(word.prefix(side / BitmapFont.advance)), x: x, y: row + side + 2, scale: 1,
          color: ink)
      }
      top += height
    }
    return canvas.image
  }

  /// An image overlaid with a map, `[rows, columns]`.
  private static func overlay(_ image: FundusImage, map cells: Tensor) -> FundusImage {
    let (rows, columns) = (cells.shape[0], cells.shape[1])
    let map = cells.scalars
    let most = max(map.max() ?? 0, .leastNormalMagnitude)
    // Uniform attention leaves the image unchanged.
    let least = map.min() ?? 0
    /// The two cells that a pixel lies between, and how far it is from the first to the second.
    func between(_ pixel: Int, of side: Int, _ count: Int) -> (Int, Int, Float) {
      let place = (Float(pixel) + 0.5) * Float(count) / Float(side) - 0.5
      let low = min(max(Int(place.rounded(.down)), 0), count - 1)
      return (low, min(low + 1, count - 1), min(max(place - Float(low), 0), 1))
    }
    var pixels = image.pixels
    for y in 0..<image.height {
      let (top, bottom, down) = between(y, of: image.height, rows)
      for x in 0..<image.width {
        let (left, right, across) = between(x, of: image.width, columns)
        let upper = map[top * columns + left] * (1 - across) + map[top * columns + right] * across
        let lower =
          map[bottom * columns + left] * (1 - across) + map[bottom * columns + right] * across
        // Interpolation may round to less than the minimum.
        let value = max(0, (upper * (1 - down) + lower * down - least) / most)
        let color = Explanation.color(value)
        let weight = 0.6 * value.squareRoot()
        let base = (y * image.width + x) * 3
        for channel in 0..<3 {
          let mixed = Float(pixels[base + channel]) * (1 - weight) + 255 * color[channel] * weight
          pixels[base + channel] = UInt8(min(max(mixed, 0), 255).rounded())
        }
      }
    }
    return FundusImage(width: image.width, height: image.height, pixels: pixels)
  }
}

extension ReportGenerator {
  /// The attention maps of the words of a report (see ``AttentionFigure``).
  /// - Parameters:
  ///   - file: the image.
  ///   - report: the generated report.
  /// - Throws: `ImageError` for a file that cannot be used.
  public func attention(
    contentsOf file: URL, report: GeneratedReport.Beam
  ) throws(ImageError) -> AttentionFigure.Study {
    let size = configuration.imageSize
    let image = try FundusImage(contentsOf: file, options: configuration.imageDecoding)
      .resized(width: size, height: size)
    let memory = Autograd.withoutGradients {
      model.encode(
        images: ReportImages.normalized(image).reshaped([1, size, size, 3]), mode: .inference)
    }
    let words = Array(report.tokens.prefix { $0 > 0 })
    return AttentionFigure.Study(
      image: image, title: file.lastPathComponent,
      words: words.map { vocabulary.text(of: [$0]) },
      maps: model.attention(memory, tokens: words))
  }
}
