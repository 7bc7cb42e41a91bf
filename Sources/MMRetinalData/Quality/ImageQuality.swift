import Foundation

/// Signs that a photograph may be unsuitable: blur, darkness, over-exposure, a field of view that is cut, or
/// an image that is not a color fundus photograph.
///
/// The checks are rules with fixed thresholds on a copy of at most 384 pixels per side, chosen on synthetic
/// fundus images and a few photographs. They find gross faults and do not replace grading by a person.
public struct ImageQuality: Sendable, Equatable {
  /// A reason to look at an image before trusting a result.
  public enum Issue: String, Sendable, Codable, CaseIterable {
    /// Little detail at the scale of vessels' borders.
    case blurred
    /// The median luma of the field of view is below 0.16.
    case dark
    /// The median luma of the field of view is above 0.8, or a quarter of it is saturated.
    case overexposed
    /// Less than 80 % of the circular field of view is visible.
    case fieldCut = "field-cut"
    /// Another kind of image, according to ``ModalityClassifier``.
    case notColorFundus = "not-color-fundus"

    /// A description for messages.
    public var text: String {
      switch self {
      case .blurred: "blurred"
      case .dark: "too dark"
      case .overexposed: "over-exposed"
      case .fieldCut: "cropped field of view"
      case .notColorFundus: "not a color fundus photograph"
      }
    }
  }

  /// The issues found, in the order of `Issue.allCases`.
  public let issues: [Issue]
  /// The median luma of the field of view, 0 to 1.
  public let brightness: Float
  /// The fraction of the field of view with a saturated green channel, 0 to 1.
  public let saturation: Float
  /// The standard deviation of the finest details, relative to that of larger ones; about 0.4 to 1.2 in sharp
  /// photographs.
  public let sharpness: Float
  /// The visible fraction of the circular field of view; nil if it fills the frame or its border is not a
  /// circle.
  public let visibleField: Float?

  /// `ok`, or the names of the issues, separated by semicolons.
  public var text: String {
    issues.isEmpty ? "ok" : issues.map(\.rawValue).joined(separator: ";")
  }

  /// Checks an image, in a few milliseconds.
  public init(of image: FundusImage) {
    let work = WorkingImage(of: image, longestSide: 384)
    let field = work.field
    let lit = work.luma.indices.filter { field[$0] }
    let modality = ModalityClassifier().modality(of: image)
    let isOther =
      modality.modality != .colorFundus && modality.margin >= ModalityClassifier.reviewMargin
    guard lit.count * 20 >= field.count, lit.count >= 100 else {
      let isWhite = work.luma.reduce(0, +) > 0.5 * Float(work.luma.count)
      issues = (isWhite ? [] : [.dark]) + (isOther ? [.notColorFundus] : [])
      (brightness, saturation, sharpness, visibleField) = (0, 0, 0, nil)
      return
    }
    let luma = lit.map { work.luma[$0] }.sorted()
    brightness = luma[luma.count / 2]
    saturation = Float(lit.count { work.green[$0] > 0.92 }) / Float(lit.count)
    let detail = Self.detail(of: work, field: field)
    sharpness = detail.fine / max(detail.coarse, 1e-6)
    visibleField = FieldCircle(field, width: work.width, height: work.height)?.visible
    var found: [Issue] = []
    let isOverexposed = brightness > 0.8 || saturation > 0.25
    // Saturation erases details too.
    if !isOverexposed, sharpness < 0.30 || detail.fine < 0.005 * brightness {
      found.append(.blurred)
    }
    if brightness < 0.16 { found.append(.dark) }
    if isOverexposed { found.append(.overexposed) }
    if let visibleField, visibleField < 0.8 { found.append(.fieldCut) }
    // The other thresholds hold for color fundus photographs only.
    issues = isOther ? [.notColorFundus] : found
  }

  /// The standard deviations of the green channel's details of about one pixel, and of two to five pixels,
  /// inside of the field.
  private static func detail(
    of work: WorkingImage, field: [Bool]
  ) -> (fine: Float, coarse: Float) {
    let (width, height) = (work.width, work.height)
    func boxed(_ plane: [Float], _ radius: Int) -> [Float] {
      WorkingImage.boxed(plane, width: width, height: height, radius: radius)
    }
    let inside = boxed(field.map { $0 ? 1 : 0 }, 8)
    var core = field.indices.filter { inside[$0] > 0.999 }
    if core.count < 100 { core = field.indices.filter { field[$0] } }
    let (near, far) = (boxed(work.green, 1), boxed(work.green, 5))
    return (
      ModalityFeatures.deviation(core.map { work.green[$0] - near[$0] }),
      ModalityFeatures.deviation(core.map { near[$0] - far[$0] })
    )
  }
}
