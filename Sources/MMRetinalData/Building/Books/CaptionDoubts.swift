/// Detects doubtful captions: signs that part of the text is missing, or that it contains other text.
extension CaptionFinder {
  /// Marks captions with text within their place that was left out, and those that end within a sentence
  /// although the book's others do not.
  func markIncomplete(_ texts: inout [PageText]) {
    let ends = texts.lazy.flatMap(\.captions).flatMap { [$0.english, $0.chinese] }
      .filter { !$0.isEmpty }.map { Self.endsSentence($0) }
    let closed = ends.count(where: \.self)
    let areClosed = ends.count >= 8 && closed * 10 >= ends.count * 9
    for page in texts.indices {
      for index in texts[page].captions.indices {
        let caption = texts[page].captions[index]
        let place = caption.box.grown(by: 1)
        let hasRest = texts[page].body.contains {
          place.contains(x: $0.box.middleX, y: $0.box.middleY)
        }
        let isOpen =
          areClosed
          && [caption.english, caption.chinese].contains { !$0.isEmpty && !Self.endsSentence($0) }
        // Where captions end without a full stop, one at the end of a column may be complete.
        // In a book whose captions have a look of their own, more text of that look below.
        let goesOnBelow =
          isDistinct
          && texts[page].body.contains {
            $0.box.top > caption.box.middleY && $0.box.top - caption.box.bottom < 2.5 * $0.size
              && $0.box.overlapX(caption.box) > 0.5 * min($0.box.width, caption.box.width)
              && looksLikeCaption($0)
          }
        if hasRest || goesOnBelow || isOpen || caption.goesOn && !areClosed {
          texts[page].captions[index].flags.insert(.unsureText)
        }
      }
    }
  }

  private static func endsSentence(_ text: String) -> Bool {
    text.last { !$0.isWhitespace && !")）\"”’]".contains($0) }.map { ".。．!?！？;；".contains($0) }
      ?? true
  }
}

extension BookCaption {
  /// Whether nothing of the text seems to be lost: there is some, and all its parentheses are closed.
  var isWhole: Bool {
    guard !english.isEmpty || !chinese.isEmpty else { return false }
    return [english, chinese].allSatisfy { text in
      // Marks such as "A)" have no opening one.
      var open = 0
      for character in text {
        if "(（".contains(character) { open += 1 }
        if ")）".contains(character) { open = max(0, open - 1) }
      }
      return open == 0
    }
  }
}
