/// A text that equals another only if their Unicode scalars do.
///
/// `String` compares canonically: it takes "é" and "e" with a combining accent for one text. Scores,
/// vocabularies and identifiers are defined on code points, as in Python.
package struct ExactText: Hashable, Sendable {
  /// The text itself.
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (first: ExactText, second: ExactText) -> Bool {
    first.text.utf8.elementsEqual(second.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// Numbers words in the order in which they first occur, so that scores compare integers.
struct WordNumbers {
  private var numbers: [ExactText: Int32] = [:]

  /// The number of a word; the same for the same scalars.
  mutating func number(_ word: String) -> Int32 {
    let next = Int32(numbers.count)
    let key = ExactText(word)
    if let known = numbers[key] { return known }
    numbers[key] = next
    return next
  }

  mutating func numbers(_ words: [String]) -> [Int32] { words.map { number($0) } }
}
