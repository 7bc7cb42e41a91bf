import Foundation

/// What findings paint a color photograph with.
struct ColorPainter: FindingPainter {
  let eye: FundusEye
  var canvas: Canvas
  /// How far each finding covers each pixel.
  var masks: [FindingKind: Plane] = [:]

  var view: FundusView { eye.view }

  init(eye: FundusEye) {
    self.eye = eye
    canvas = Canvas(width: eye.view.size, height: eye.view.size)
  }

  /// An empty cover of the image's size.
  func cover() -> Plane { Plane(width: view.size, height: view.size) }
}
