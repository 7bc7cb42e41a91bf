import Foundation

/// A page for reviewing the pairs of a dataset in a browser, doubtful ones first, and for saving decisions.
///
/// The page contains its style, script and data, and loads only the images of the dataset, from the same
/// directory. What it saves is read by ``ReviewDecisions``.
public struct ReviewPage: Sendable {
  /// The rows as they came out of the books, before any decisions.
  public var rows: [PairRow]
  /// The heading.
  public var title: String
  /// The decisions that the page starts with.
  public var decisions: ReviewDecisions

  /// A page about rows.
  public init(rows: [PairRow], title: String, decisions: ReviewDecisions = ReviewDecisions()) {
    self.rows = rows
    self.title = title
    self.decisions = decisions
  }

  /// The page.
  public func html() -> String {
    struct Contents: Encodable {
      let title: String
      let rows: [PairRow]
      let flags: [String: String]
      let decisions: [ReviewDecisions.Decision]
    }
    let flags = Dictionary(
      uniqueKeysWithValues: PairFlag.allCases.map { ($0.rawValue, $0.explanation) })
    let contents = Contents(
      title: title, rows: rows, flags: flags, decisions: decisions.decisions)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(contents) else {
      preconditionFailure("rows of texts and numbers can be encoded")
    }
    // Within a script element only '<' could end the data; U+2028 and 2029 end lines in old scripts.
    let json = String(decoding: data, as: UTF8.self).replacing("<", with: "\\u003c")
      .replacing("\u{2028}", with: "\\u2028").replacing("\u{2029}", with: "\\u2029")
    let template = String(decoding: PackageResources.review_html, as: UTF8.self)
    let parts = template.split(
      separator: "%CONTENTS%", maxSplits: 1, omittingEmptySubsequences: false)
    precondition(parts.count == 2, "the resource review.html has no place for its contents")
    return parts[0] + json + parts[1]
  }
}

extension PairFlag {
  /// The reason in a sentence.
  public var explanation: String {
    switch self {
    case .noCaption: "No caption was found for this image."
    case .countMismatch: "The images of the figure and the panels in its caption differ in number."
    case .marksAfterWords:
      "The caption names its panels after the text: every panel has the whole caption."
    case .uncutComposite: "The composite image could not be cut into the panels of its caption."
    case .unsureCut: "Where the panels of the composite image end is not clear."
    case .slantedImage: "The page shows the image at a slant: there is paper in its corners."
    case .coveredImage:
      "Text or another image lies over this one, or the page cuts it off: parts of it may be missing."
    case .panelOrder: "The order of the panels on the page is not clear."
    case .ambiguousCaption: "Another caption is about as close to the image."
    case .otherPage: "The caption is on another page than the image."
    case .repeatedNumber: "Two captions have this number."
    case .unsureText: "The caption may be incomplete, or mixed with other text."
    case .recognizedText: "The text was recognized from a scanned page (OCR)."
    case .strayCharacters: "The text contains characters of a wrong encoding."
    case .longText: "The text is longer than a caption should be."
    case .unsureTranslation: "The translation is in the wrong language, or repeats its source."
    case .unclearModality: "The modality is not clear from the image."
    case .privacy: "The text or file name may identify a patient."
    case .duplicate: "The image looks like another one."
    case .rejected: "A reviewer rejected this pair."
    }
  }
}
