/// The imaging modality of a retinal image.
public enum ImagingModality: String, Sendable, Hashable, Codable, CaseIterable {
  /// Color fundus photograph.
  case colorFundus = "CFP"
  /// Fundus fluorescein angiography (in MM-Retinal also indocyanine green, red-free and
  /// autofluorescence images).
  case angiography = "FFA"
  /// Optical coherence tomography, one B-scan.
  case coherenceTomography = "OCT"

  /// The modality with a name as in manifests and options, ignoring case.
  public init?(named name: String) {
    self.init(rawValue: name.trimmed.uppercased())
  }
}

/// The language of a caption.
public enum CaptionLanguage: String, Sendable, Hashable, Codable, CaseIterable {
  /// English.
  case english = "en"
  /// Chinese.
  case chinese = "zh"

  /// The columns with captions of this language, in search order.
  var columns: [String] {
    switch self {
    case .english: ["caption", "caption_en", "en_caption"]
    case .chinese: ["caption_zh", "zh_caption", "cn_caption"]
    }
  }
}
