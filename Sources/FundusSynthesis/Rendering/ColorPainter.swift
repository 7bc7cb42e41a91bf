import Foundation

/// What findings paint a color photograph with.
struct ColorPainter {
  let eye: FundusEye
  var canvas: Canvas
  /// How far each finding covers each pixel.
  private(set) var masks: [FindingKind: Plane] = [:]

  var view: FundusView { eye.view }

  init(eye: FundusEye) {
    self.eye = eye
    canvas = Canvas(width: eye.view.size, height: eye.view.size)
  }

  /// An empty cover of the image's size.
  func cover() -> Plane { Plane(width: view.size, height: view.size) }

  /// Records what a finding covers.
  mutating func mark(_ cover: Plane, as kind: FindingKind) {
    if masks[kind] == nil {
      masks[kind] = cover
    } else {
      masks[kind]?.combine(cover, max)
    }
  }
}
