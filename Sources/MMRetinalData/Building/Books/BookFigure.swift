/// A figure of a book: a caption and the images that belong to it, or one image without a caption. The
/// second step's result, kept as `figures.json`.
public struct BookFigure: Sendable, Hashable, Codable {
  /// An image of the figure.
  public struct Part: Sendable, Hashable, Codable {
    /// The image.
    public var image: CollectedImage
    /// The page of the file, from 1; 0 where there are no pages.
    public var page: Int
    /// Letters of panels that are printed as text with the image, with their places.
    package var letters: [PrintedLetter]
    /// Letters of panels that the file's name gives, in a folder.
    public var named: String

    package init(
      image: CollectedImage, page: Int, letters: [PrintedLetter] = [], named: String = ""
    ) {
      self.image = image
      self.page = page
      self.letters = letters
      self.named = named
    }
  }

  /// The number as printed, with ASCII hyphens; empty without a caption.
  public var number: String
  /// A panel's letter in the caption's label; empty otherwise.
  public var letters: String
  /// The English caption without its label.
  public var english: String
  /// The Chinese caption without its label.
  public var chinese: String
  /// Images in the order of panels.
  public var parts: [Part]
  /// What is doubtful about all of it.
  public var flags: Set<PairFlag>

  package init(
    number: String, letters: String = "", english: String = "", chinese: String = "",
    parts: [Part] = [], flags: Set<PairFlag> = []
  ) {
    self.number = number
    self.letters = letters
    self.english = english
    self.chinese = chinese
    self.parts = parts
    self.flags = flags
  }
}
