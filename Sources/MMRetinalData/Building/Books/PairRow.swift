/// The modality of an image in a book, including `other`.
public enum BookModality: String, Sendable, Hashable, Codable, CaseIterable {
  /// Color fundus photograph.
  case colorFundus = "CFP"
  /// Gray fundus images: fluorescein and ICG angiography, autofluorescence, red-free.
  case angiography = "FFA"
  /// Optical coherence tomography, also inverted or in false colors.
  case coherenceTomography = "OCT"
  /// Drawings, graphs, ultrasound, perimetry, histology and all else.
  case other
}

/// The reason why a pair needs review. The raw values are those in `pairs.jsonl`.
public enum PairFlag: String, Sendable, Hashable, Codable, CaseIterable {
  /// No caption was found for the image.
  case noCaption = "no-caption"
  /// The figure's images and the letters of its caption do not agree in number.
  case countMismatch = "count-mismatch"
  /// The caption puts its marks after the words; each panel has the whole caption.
  case marksAfterWords = "marks-after-words"
  /// The composite could not be cut into the panels of its caption.
  case uncutComposite = "uncut-composite"
  /// Where the panels of a composite end is not clear.
  case unsureCut = "unsure-cut"
  /// The page shows the image at a slant.
  case slantedImage = "slanted-image"
  /// Text or another image lies in the image's place, or a part of it beyond the page.
  case coveredImage = "covered-image"
  /// The order of the panels on the page is ambiguous.
  case panelOrder = "panel-order"
  /// Another caption is about as near as the one that was taken.
  case ambiguousCaption = "ambiguous-caption"
  /// The caption stands on another page than the image and fits less than surely.
  case otherPage = "caption-on-other-page"
  /// Two captions have this number.
  case repeatedNumber = "repeated-number"
  /// The caption may be incomplete, or mixed with other text.
  case unsureText = "unsure-text"
  /// The text was read by OCR.
  case recognizedText = "ocr-text"
  /// The text holds characters of a wrong encoding.
  case strayCharacters = "stray-characters"
  /// The caption is longer than a caption can be.
  case longText = "long-text"
  /// The translation is not in the language that it should be in, or says the same as its source.
  case unsureTranslation = "unsure-translation"
  /// The modality is not clear from the image.
  case unclearModality = "unclear-modality"
  /// The text or the file name may identify a patient.
  case privacy
  /// The image looks like another one.
  case duplicate
  /// A reviewer rejected the pair.
  case rejected
}

/// A row of `pairs.jsonl`: an image of a book and what belongs to it.
public struct PairRow: Sendable, Hashable, Codable {
  /// The path of the image below the output directory, such as `images/figure5-3-1A.jpg`.
  public var image: String
  /// The name of the book: that of its file without `.pdf` or `.docx`.
  public var book: String
  /// The page of the file, from 1; 0 where there are no pages.
  public var page: Int
  /// The number of the figure, such as `5-3-1`; empty without a caption.
  public var figure: String
  /// The letter of the panel as printed; empty without panels.
  public var panel: String
  /// The modality of the image.
  public var modality: BookModality
  /// The English caption; empty without one.
  public var caption: String
  /// The Chinese caption; empty without one.
  public var captionZh: String
  /// Reasons for review (``PairFlag``); empty if the pair is sure.
  public var flags: [PairFlag]
  /// Numbers of other figures that the caption refers to.
  public var references: [String]
  /// The language of the caption that a translator wrote; nil if both are the book's own.
  public var translated: CaptionLanguage?

  enum CodingKeys: String, CodingKey {
    case image, book, page, figure, panel, modality, caption
    case captionZh = "caption_zh"
    case flags, references, translated
  }

  public init(
    image: String, book: String, page: Int, figure: String, panel: String,
    modality: BookModality = .other, caption: String = "", captionZh: String = "",
    flags: [PairFlag] = [], references: [String] = []
  ) {
    self.image = image
    self.book = book
    self.page = page
    self.figure = figure
    self.panel = panel
    self.modality = modality
    self.caption = caption
    self.captionZh = captionZh
    self.flags = flags
    self.references = references
  }
}

/// Classifies the modality of an image, independently of other images.
public protocol ModalityClassifying: Sendable {
  /// The modality, and the confidence margin: 0 for a tie with the next one, 1 for certainty.
  func modality(of image: FundusImage) -> (modality: BookModality, margin: Float)
}
