/// The interface with which findings paint an image.
protocol FindingPainter {
  /// How far each finding covers each pixel.
  var masks: [FindingKind: Plane] { get set }
}

extension FindingPainter {
  /// Records what a finding covers.
  mutating func mark(_ cover: Plane, as kind: FindingKind) {
    if masks[kind] == nil {
      masks[kind] = cover
    } else {
      masks[kind]?.combine(cover, max)
    }
  }
}
