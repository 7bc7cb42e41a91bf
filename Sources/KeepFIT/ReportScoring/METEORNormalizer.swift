/// METEOR 1.5's English normalization: punctuation is split off, hyphens inside of words are opened,
/// and everything becomes lower-case.
///
/// Each rule rewrites matches from left to right without overlap, as the regular expressions of the
/// original do; so `a-b-c` becomes `a b-c`.
package enum METEORNormalizer {
  /// Unicode scalars; ``protectedDot`` beside them.
  private typealias Symbols = [UInt32]
  /// A dot of a run of dots, which no later rule sees; lies beyond Unicode.
  private static let protectedDot: UInt32 = 0x110000

  /// The words of a text.
  package static func words(_ text: String) -> [String] {
    var symbols = [space] + text.unicodeScalars.map(\.value) + [space]
    symbols = separatingSpecialCharacters(symbols)
    symbols = protectingRunsOfDots(symbols)
    symbols = separatingCommas(symbols)
    symbols = unifyingQuotesAndDashes(symbols)
    symbols = rewriting(
      symbols, [{ isLetter($0) || isDigit($0) || $0 == dot }, { $0 == hyphen }, isAlphanumeric]
    ) {
      [$0[0], space, $0[2]]
    }
    symbols = splittingApostrophes(symbols)
    let words = symbols.split(whereSeparator: isSpace).map(Array.init)
    var result: [String] = []
    for (index, word) in words.enumerated() {
      let next = index + 1 < words.count ? words[index + 1].first : nil
      if word.count == 1, isWideSpace(word[0]) { continue }
      result += splittingFinalDot(word, next: next).map(text(of:))
    }
    return result
  }

  // MARK: - Rules

  private static func separatingSpecialCharacters(_ symbols: Symbols) -> Symbols {
    symbols.flatMap { isOrdinary($0) ? [$0] : [space, $0, space] }
  }

  private static func protectingRunsOfDots(_ symbols: Symbols) -> Symbols {
    var result: Symbols = []
    var rest = symbols[...]
    while let first = rest.first {
      let run = rest.prefix { $0 == dot }
      if run.count > 1 {
        result += [space] + Symbols(repeating: protectedDot, count: run.count) + [space]
        rest = rest.dropFirst(run.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  /// Commas stay inside of numbers such as 5,300.
  private static func separatingCommas(_ symbols: Symbols) -> Symbols {
    let isOther = { !isDigit($0) }
    let isComma = { $0 == comma }
    return [(isOther, isOther), (isDigit, isOther), (isOther, isDigit)]
      .reduce(symbols) { symbols, sides in
        rewriting(symbols, [sides.0, isComma, sides.1]) { [$0[0], space, comma, space, $0[2]] }
      }
  }

  private static func unifyingQuotesAndDashes(_ symbols: Symbols) -> Symbols {
    let plain = symbols.map { symbol -> UInt32 in
      switch symbol {
      case 0x60, 0x2018, 0x2019: apostrophe
      case 0x201C, 0x201D: quote
      case 0x2013: hyphen
      default: symbol
      }
    }
    let quoted = rewriting(plain, [{ $0 == apostrophe }, { $0 == apostrophe }]) { _ in
      [space, quote, space]
    }
    return rewriting(quoted, [{ $0 == hyphen }, { $0 == hyphen }]) { _ in [hyphen] }
  }

  /// A clitic such as 's keeps its apostrophe; others stand alone.
  private static func splittingApostrophes(_ symbols: Symbols) -> Symbols {
    let isOther = { !isLetter($0) }
    let isApostrophe = { $0 == apostrophe }
    let alone: ([UInt32]) -> [UInt32] = { [$0[0], space, apostrophe, space, $0[2]] }
    let kept: ([UInt32]) -> [UInt32] = { [$0[0], space, apostrophe, $0[2]] }
    var result = rewriting(symbols, [isOther, isApostrophe, isOther], alone)
    result = rewriting(result, [{ !isAlphanumeric($0) }, isApostrophe, isLetter], alone)
    result = rewriting(result, [isLetter, isApostrophe, isOther], alone)
    result = rewriting(result, [isLetter, isApostrophe, isLetter], kept)
    return rewriting(result, [isDigit, isApostrophe, { $0 == 0x73 }], kept)
  }

  /// A word that ends in a dot, as one or two words.
  private static func splittingFinalDot(_ word: Symbols, next: UInt32?) -> [Symbols] {
    guard word.count > 1, word.last == dot else { return [word] }
    let stem = Array(word.dropLast())
    if stem.contains(dot), stem.contains(where: isLetter) { return [stem.filter { $0 != dot }] }
    let name = text(of: stem, lowercased: false)
    if abbreviations.contains(name) { return [word] }
    if let next, (0x61...0x7A).contains(next) { return [word] }
    if let next, abbreviationsBeforeNumbers.contains(name), isDigit(next) { return [word] }
    return [stem, [dot]]
  }

  /// Replaces every run of symbols that fit the conditions, from left to right without overlap.
  private static func rewriting(
    _ symbols: Symbols, _ conditions: [(UInt32) -> Bool], _ replacement: ([UInt32]) -> [UInt32]
  ) -> Symbols {
    var result: Symbols = []
    result.reserveCapacity(symbols.count)
    var index = 0
    while index < symbols.count {
      let end = index + conditions.count
      if end <= symbols.count,
        conditions.indices.allSatisfy({ conditions[$0](symbols[index + $0]) })
      {
        result += replacement(Array(symbols[index..<end]))
        index = end
      } else {
        result.append(symbols[index])
        index += 1
      }
    }
    return result
  }

  private static func text(of symbols: Symbols) -> String { text(of: symbols, lowercased: true) }

  private static func text(of symbols: Symbols, lowercased: Bool) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: symbols.compactMap { Unicode.Scalar($0 == protectedDot ? dot : $0) })
    return lowercased ? String(view).lowercased() : String(view)
  }

  // MARK: - Characters

  private static let space: UInt32 = 0x20
  private static let quote: UInt32 = 0x22
  private static let apostrophe: UInt32 = 0x27
  private static let comma: UInt32 = 0x2C
  private static let hyphen: UInt32 = 0x2D
  private static let dot: UInt32 = 0x2E

  private static func isDigit(_ symbol: UInt32) -> Bool { (0x30...0x39).contains(symbol) }

  /// Latin letters, accented ones included, Cyrillic letters and phonetic extensions.
  private static func isLetter(_ symbol: UInt32) -> Bool {
    switch symbol {
    case 0x41...0x5A, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x17E, 0x400...0x527,
      0x1D00...0x1D7F, 0xA640...0xA66E, 0xA67E...0xA697:
      true
    default: false
    }
  }

  private static func isAlphanumeric(_ symbol: UInt32) -> Bool {
    isLetter(symbol) || isDigit(symbol)
  }

  private static func isSpace(_ symbol: UInt32) -> Bool {
    [0x09, 0x0A, 0x0C, 0x0D, 0x20].contains(symbol)
  }

  /// Spaces beyond ASCII: set apart like punctuation, and dropped in the end.
  private static func isWideSpace(_ symbol: UInt32) -> Bool {
    switch symbol {
    case 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// What is not set apart: letters, digits, white space and . ' ` , - ‘ ’.
  private static func isOrdinary(_ symbol: UInt32) -> Bool {
    switch symbol {
    case 0x0B, 0x2E, 0x27, 0x60, 0x2C, 0x2D, 0x2018, 0x2019: true
    default: isAlphanumeric(symbol) || isSpace(symbol)
    }
  }

  // MARK: - Abbreviations

  /// English titles, ranks and the like, and initials, whose dot ends no sentence.
  private static let abbreviations: Set<String> = {
    let words = """
      Mr Mrs Ms MR MRS MS Messrs Mme Mlle MM Msgr Hr Dr Drs DR Ph Prof Rev rev Hon Sr St Bros \
      Gen Col Comdr Cmdr Capt Corp Cpl Lt Maj Sgt Pvt Pfc Sfc Brig Adm Adj Ens Con Bart \
      Gov Sen Sens Rep Reps Res Insp Supt Asst Surg Hosp Bldg Op Ord Adv Rt Nos Nr v vs
      """
    return Set(words.split(separator: " ").map(String.init))
      .union((0x41...0x5A).map { String(Unicode.Scalar($0)) })
  }()

  /// Abbreviations whose dot ends no sentence before a number, as in "No. 5".
  private static let abbreviationsBeforeNumbers: Set<String> = ["No", "Art", "pp"]
}
