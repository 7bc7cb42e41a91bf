/// Joins captions that belong together.
extension CaptionFinder {
  /// One caption of a Chinese and an English one with the same number that stand together.
  static func merged(_ captions: [BookCaption]) -> [BookCaption] {
    var result: [BookCaption] = []
    for caption in captions {
      if let index = result.firstIndex(where: {
        $0.isTranslation(of: caption)
          && (abs($0.box.bottom - caption.box.top) < 40 || abs($0.box.top - caption.box.bottom) < 40
            || $0.box.overlapY(caption.box) > 0)
      }) {
        result[index].add(caption)
        result[index].box = result[index].box.union(caption.box)
      } else {
        result.append(caption)
      }
    }
    return result
  }

  /// Joins a caption at the end of a column with its other language at the top of the next column or page.
  func joinTranslations(_ texts: inout [PageText]) {
    for page in texts.indices {
      for index in texts[page].captions.indices {
        let caption = texts[page].captions[index]
        guard isLastInColumn(page, caption.box) else { continue }
        for next in page...min(page + 1, texts.count - 1) where book.pages[next].number > 0 {
          guard
            let other = texts[next].captions.firstIndex(where: {
              $0.isTranslation(of: caption) && isFirstInColumn(next, $0.box)
                && (next > page || $0.box.left > caption.box.right - 1)
            })
          else { continue }
          texts[page].captions[index].add(texts[next].captions[other])
          texts[page].captions[index].goesOn = true
          texts[next].captions[other].number = ""
        }
      }
    }
    for page in texts.indices { texts[page].captions.removeAll { $0.number.isEmpty } }
  }

  /// Whether neither images nor text of its own column stand above a box of text.
  private func isFirstInColumn(_ page: Int, _ box: Box) -> Bool {
    !hasImageAbove(page, box)
      && !lines[page].contains {
        $0.box.bottom < box.top + 0.5 * $0.box.height && $0.box.left > box.left - 30
          && $0.box.overlapX(box) > 0.3 * min($0.box.width, box.width)
      }
  }

  func markRepeated(_ texts: inout [PageText]) {
    var counts: [String: Int] = [:]
    for caption in texts.lazy.flatMap(\.captions) {
      counts["\(caption.key)\(caption.letters)", default: 0] += 1
    }
    for page in texts.indices {
      for index in texts[page].captions.indices {
        let caption = texts[page].captions[index]
        if (counts["\(caption.key)\(caption.letters)"] ?? 0) > 1 {
          texts[page].captions[index].flags.insert(.repeatedNumber)
        }
      }
    }
  }
}

extension BookCaption {
  /// Whether this is the same caption in the other language.
  fileprivate func isTranslation(of other: BookCaption) -> Bool {
    key == other.key && letters == other.letters
      && (english.isEmpty && other.chinese.isEmpty || chinese.isEmpty && other.english.isEmpty)
  }

  /// Adds the other language.
  fileprivate mutating func add(_ other: BookCaption) {
    english += other.english
    chinese += other.chinese
    flags.formUnion(other.flags)
  }
}
