import Foundation

/// The sentences that labels are put into, one for each modality.
///
/// `[ATR]` stands for an attribute and `[CLS]` for a category.
public struct ReportTemplates: Sendable, Hashable, Codable {
  /// For color photographs.
  public var colorFundus: String
  /// For angiographies.
  public var angiography: String
  /// For tomographies.
  public var coherenceTomography: String

  /// Templates of one's own.
  public init(colorFundus: String, angiography: String, coherenceTomography: String) {
    self.colorFundus = colorFundus
    self.angiography = angiography
    self.coherenceTomography = coherenceTomography
  }

  /// For pretraining: with an attribute. The one for color photographs is the published one.
  public static let training = ReportTemplates(
    colorFundus: "A [ATR] fundus photograph of [CLS]",
    angiography: "A [ATR] fundus fluorescein angiography of [CLS]",
    coherenceTomography: "A [ATR] optical coherence tomography of [CLS]")

  /// For classification: without an attribute. The one for color photographs is the published one.
  public static let inference = ReportTemplates(
    colorFundus: "A fundus photograph of [CLS]",
    angiography: "A fundus fluorescein angiography of [CLS]",
    coherenceTomography: "An optical coherence tomography of [CLS]")

  /// The template for a modality.
  public subscript(modality: ImagingModality) -> String {
    get {
      switch modality {
      case .colorFundus: colorFundus
      case .angiography: angiography
      case .coherenceTomography: coherenceTomography
      }
    }
    set {
      switch modality {
      case .colorFundus: colorFundus = newValue
      case .angiography: angiography = newValue
      case .coherenceTomography: coherenceTomography = newValue
      }
    }
  }

  /// A template filled for training (specification 2.2): every `[ATR]`, then every `[CLS]`, then each
  /// double space made one in a single pass. An empty category leaves a space at the end.
  public static func report(_ template: String, attribute: String, category: String) -> String {
    template.replacing("[ATR]", with: attribute).replacing("[CLS]", with: category)
      .replacing("  ", with: " ")
  }

  /// A template filled for classification: every `[CLS]`, nothing else.
  public static func prompt(_ template: String, category: String) -> String {
    template.replacing("[CLS]", with: category)
  }
}
