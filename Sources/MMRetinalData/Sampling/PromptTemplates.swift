import Foundation

/// Prompt templates, one for each modality.
///
/// `[ATR]` stands for an attribute and `[CLS]` for a category.
public struct PromptTemplates: Sendable, Hashable, Codable {
  /// For color photographs.
  public var colorFundus: String
  /// For angiograms.
  public var angiography: String
  /// For OCT scans.
  public var coherenceTomography: String

  /// Creates custom templates.
  public init(colorFundus: String, angiography: String, coherenceTomography: String) {
    self.colorFundus = colorFundus
    self.angiography = angiography
    self.coherenceTomography = coherenceTomography
  }

  /// The templates for pretraining, with an attribute. The one for color photographs is published.
  public static let training = PromptTemplates(
    colorFundus: "A [ATR] fundus photograph of [CLS]",
    angiography: "A [ATR] fundus fluorescein angiography of [CLS]",
    coherenceTomography: "A [ATR] optical coherence tomography of [CLS]")

  /// The templates for classification, without an attribute. The one for color photographs is published.
  public static let inference = PromptTemplates(
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

  /// Fills a template for training (specification 2.2): every `[ATR]`, then every `[CLS]`; then double spaces
  /// are replaced by single ones in one pass. An empty category leaves a space at the end.
  public static func text(_ template: String, attribute: String, category: String) -> String {
    template.replacing("[ATR]", with: attribute).replacing("[CLS]", with: category)
      .replacing("  ", with: " ")
  }

  /// Fills a template for classification: every `[CLS]`, nothing else.
  public static func prompt(_ template: String, category: String) -> String {
    template.replacing("[CLS]", with: category)
  }
}
