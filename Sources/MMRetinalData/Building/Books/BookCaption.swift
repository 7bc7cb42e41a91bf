/// A caption as it was found in a book.
package struct BookCaption: Sendable, Hashable, Codable {
  /// The number as printed, with ASCII hyphens.
  package var number: String
  /// A panel's letter that is part of the label, as in `Fig. 5-3-1A`; empty otherwise.
  package var letters: String
  package var style: FigureLabel.Style
  /// The page on which it starts: an index into the book's pages.
  package var page: Int
  /// Its part on that page.
  package var box: Box
  /// The English text without the label; empty if there is none.
  package var english: String
  /// The Chinese text without the label; empty if there is none.
  package var chinese: String
  package var flags: Set<PairFlag>
  /// Whether it continues in another column or on the next page.
  package var goesOn = false

  /// The number without padding.
  package var key: String { FigureLabel.key(number) }
}

/// A letter that is printed as text beside, on or under an image.
package struct PrintedLetter: Sendable, Hashable, Codable {
  package var letter: String
  package var box: Box
}

/// The text of a page, sorted.
package struct PageText: Sendable, Hashable {
  package var captions: [BookCaption] = []
  package var letters: [PrintedLetter] = []
  /// Lines that are neither captions nor letters nor running heads.
  package var body: [TextLine] = []
}
