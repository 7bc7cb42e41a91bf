import Foundation

extension Explanation {
  /// The overlay with a legend below: the query, the color scale with its raw values, and the scores.
  /// - Parameters:
  ///   - photograph: the explained photograph; it keeps its original resolution.
  ///   - top: the raw value of the brightest color; nil for the map's maximum.
  public func figure(on photograph: Photograph, top: Float? = nil) -> FundusImage {
    let image = overlay(on: photograph, top: top)
    let scale = max(1, Int((Double(image.width) / 400).rounded()))
    let width = max(image.width, 360)
    let margin = 8 * scale
    let letters = (width - 2 * margin) / (BitmapFont.advance * scale)
    let ink: [UInt8] = [31, 41, 51]
    var lines = BitmapFont.wrap("Saliency map for: \(text)", letters: letters)
    if !against.isEmpty {
      lines += BitmapFont.wrap("versus: " + against.joined(separator: "; "), letters: letters)
    }
    let numbers = BitmapFont.wrap(numbersText(top: top), letters: letters)
    let line = BitmapFont.lineHeight * scale
    let bar = 12 * scale
    let panel = margin * 3 + line * (lines.count + numbers.count + 1) + bar
    var canvas = FigureCanvas(width: width, height: image.height + panel)
    canvas.draw(image)
    var y = image.height + margin
    for text in lines {
      canvas.text(text, x: margin, y: y, scale: scale, color: ink)
      y += line
    }
    y += margin / 2
    for x in margin..<width - margin {
      let value = Float(x - margin) / Float(max(1, width - 2 * margin - 1))
      canvas.fill(
        x..<x + 1, y..<y + bar, with: Self.color(value).map { UInt8(($0 * 255).rounded()) })
    }
    y += bar + 3 * scale
    let highest = top ?? maximum
    let ticks = [(0, "0"), (0.5, Self.short(highest / 2)), (1, Self.short(highest))]
    for (share, label) in ticks {
      let length = label.count * BitmapFont.advance * scale
      let x = margin + Int(share * Double(width - 2 * margin - length))
      canvas.text(label, x: x, y: y, scale: scale, color: ink)
    }
    y += line + margin / 2
    for text in numbers {
      canvas.text(text, x: margin, y: y, scale: scale, color: ink)
      y += line
    }
    return canvas.image
  }

  /// The caption of the color scale.
  private func numbersText(top: Float?) -> String {
    let unit = method == .gradient ? "score per cell" : "score drop under occlusion"
    var text = "saliency (\(unit)), \(top == nil ? "scaled to its maximum" : "fixed scale")"
    if top != nil { text += ", maximum \(Self.short(maximum))" }
    if let similarity { text += "; cosine similarity \(Self.short(similarity))" }
    return text + "; score \(Self.short(score))"
  }

  /// A value with three significant digits.
  static func short(_ value: Float) -> String { String(format: "%.3g", value) }
}
