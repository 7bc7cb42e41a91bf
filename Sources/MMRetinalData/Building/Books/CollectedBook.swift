/// The content of a book: images and lines of text with their positions. The first step's result, kept as
/// `collected.json`.
public struct CollectedBook: Sendable, Hashable, Codable {
  /// Pages in order; one without number for a document that has no pages.
  public var pages: [CollectedPage]
  /// Notes on what could not be read, one sentence each.
  public var notes: [String]

  package init(pages: [CollectedPage], notes: [String] = []) {
    self.pages = pages
    self.notes = notes
  }
}

/// The images and the text of a page.
public struct CollectedPage: Sendable, Hashable, Codable {
  /// The page of the file, from 1; 0 where there are no pages.
  public var number: Int
  /// Points.
  public var width: Double
  /// Points.
  public var height: Double
  /// Images in the order in which they are drawn.
  public var images: [CollectedImage]
  /// Lines of text, or paragraphs where the format has them.
  public var lines: [TextLine]
  /// Places of drawings that are made of lines, and so are no images.
  public var drawings: [Box]
  /// Whether the text was read from a scan by OCR.
  public var isRecognized: Bool = false

  package init(
    number: Int, width: Double, height: Double, images: [CollectedImage] = [],
    lines: [TextLine] = [], drawings: [Box] = []
  ) {
    self.number = number
    self.width = width
    self.height = height
    self.images = images
    self.lines = lines
    self.drawings = drawings
  }
}

/// An image of a page, in a file of its own.
public struct CollectedImage: Sendable, Hashable, Codable {
  /// Its position on the page.
  public var box: Box
  /// The file below the step's directory, or the path of the original.
  public var file: String
  /// Pixels.
  public var width: Int
  /// Pixels.
  public var height: Int
  /// The strips that this image was joined of, from the first to the last; empty for a whole one.
  public var strips: [Box]
  /// Clockwise quarter turns to be applied to the file, after the crop.
  public var quarterTurns: Int = 0
  /// Whether the file is to be mirrored left to right, before it is turned.
  public var isMirrored: Bool = false
  /// Whether the page shows the image at a slant, so that the file has paper in its corners.
  public var isSlanted: Bool = false
  /// Whether text or another image lies in its place, or a part of it beyond the page.
  public var isCovered: Bool = false
  /// The part of the file that the page shows, as shares of its sides; nil for all of it.
  public var crop: Box?

  package init(box: Box, file: String, width: Int, height: Int, strips: [Box] = []) {
    self.box = box
    self.file = file
    self.width = width
    self.height = height
    self.strips = strips
  }
}

/// A line of text.
public struct TextLine: Sendable, Hashable, Codable {
  /// Its position on the page.
  public var box: Box
  /// Its words with spaces between.
  public var text: String
  /// The size of its letters in points.
  public var size: Double
  /// The font of most of its letters; empty if unknown.
  public var font: String
  /// Whether this is a whole paragraph, whose lines are joined already.
  public var isParagraph: Bool
  /// Where each word starts and ends.
  public var words: [Box]

  package init(
    box: Box, text: String, size: Double, font: String = "", isParagraph: Bool = false,
    words: [Box] = []
  ) {
    self.box = box
    self.text = text
    self.size = size
    self.font = font
    self.isParagraph = isParagraph
    self.words = words
  }
}
