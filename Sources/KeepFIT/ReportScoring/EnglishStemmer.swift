/// The Snowball stemmer for English ("Porter 2") as it was published in 2014, which METEOR 1.5 contains.
///
/// Later releases of Snowball stem some words differently ("lateral" is "later" here), so METEOR scores
/// need this one. Words are lower-case; other letters than a to z count as consonants.
package struct EnglishStemmer {
  /// The UTF-16 units of the word; `Y` stands for a y that acts as a consonant.
  private var word: [UInt16]
  /// Where the regions R1 and R2 start: after the first consonant that follows a vowel, and after the
  /// first such one in R1.
  private var r1 = 0
  private var r2 = 0

  /// The stem of a lower-case word.
  package static func stem(_ word: String) -> String {
    if let special = exceptions[word] { return special }
    var stemmer = EnglishStemmer(word: Array(word.utf16))
    guard stemmer.word.count > 2 else { return word }
    stemmer.run()
    return String(decoding: stemmer.word.map { $0 == "Y".unit ? "y".unit : $0 }, as: UTF16.self)
  }

  private mutating func run() {
    if word.first == "'".unit { word.removeFirst() }
    markConsonantY()
    markRegions()
    removePossessive()
    removePlural()
    if Self.finished.contains(text) { return }
    removePastAndParticiple()
    replaceFinalY()
    replaceLongSuffix()
    replaceMiddleSuffix()
    deleteSuffix()
    deleteFinalEOrL()
  }

  private var text: String { String(decoding: word, as: UTF16.self) }

  private init(word: [UInt16]) { self.word = word }

  // MARK: - Regions

  private func isVowel(_ index: Int) -> Bool { Self.vowels.contains(word[index]) }

  private mutating func markConsonantY() {
    for index in word.indices where word[index] == "y".unit {
      if index == 0 || isVowel(index - 1) { word[index] = "Y".unit }
    }
  }

  private mutating func markRegions() {
    r1 = Self.longBeginnings.first { starts(with: $0) }?.utf16.count ?? regionStart(after: 0)
    r2 = regionStart(after: r1)
  }

  private func regionStart(after start: Int) -> Int {
    guard let vowel = (start..<word.count).first(where: isVowel),
      let consonant = (vowel..<word.count).first(where: { !isVowel($0) })
    else { return word.count }
    return consonant + 1
  }

  private func starts(with text: String) -> Bool { word.starts(with: text.utf16) }

  private func ends(with suffix: String, before end: Int? = nil) -> Bool {
    let head = word.prefix(end ?? word.count)
    return head.count >= suffix.utf16.count
      && head.suffix(suffix.utf16.count).elementsEqual(suffix.utf16)
  }

  /// Whether the word up to `end` ends in a short syllable: a vowel between consonants of which the last
  /// is not w, x or Y, or a vowel at the beginning before a consonant.
  private func endsInShortSyllable(_ end: Int) -> Bool {
    guard end >= 2, !isVowel(end - 1), isVowel(end - 2) else { return false }
    if end == 2 { return true }
    return !isVowel(end - 3) && !["w".unit, "x".unit, "Y".unit].contains(word[end - 1])
  }

  // MARK: - Steps

  /// The longest of the suffixes that the word ends in.
  private func longest(_ suffixes: [String]) -> String? {
    suffixes.filter { ends(with: $0) }.max { $0.utf16.count < $1.utf16.count }
  }

  private mutating func replace(_ suffix: String, with other: String) {
    word.removeLast(suffix.utf16.count)
    word += Array(other.utf16)
  }

  /// Where a suffix starts.
  private func start(of suffix: String) -> Int { word.count - suffix.utf16.count }

  /// Step 0.
  private mutating func removePossessive() {
    if let suffix = longest(["'", "'s", "'s'"]) { replace(suffix, with: "") }
  }

  /// Step 1a.
  private mutating func removePlural() {
    guard let suffix = longest(["sses", "ied", "ies", "s", "us", "ss"]) else { return }
    switch suffix {
    case "sses": replace(suffix, with: "ss")
    case "ied", "ies": replace(suffix, with: start(of: suffix) > 1 ? "i" : "ie")
    case "s":
      // The letter right before the s does not count.
      if (0..<max(0, word.count - 2)).contains(where: isVowel) { replace(suffix, with: "") }
    default: break
    }
  }

  /// Step 1b.
  private mutating func removePastAndParticiple() {
    guard let suffix = longest(["eed", "eedly", "ed", "edly", "ing", "ingly"]) else { return }
    let start = start(of: suffix)
    if suffix == "eed" || suffix == "eedly" {
      if start >= r1 { replace(suffix, with: "ee") }
      return
    }
    guard (0..<start).contains(where: isVowel) else { return }
    replace(suffix, with: "")
    if longest(["at", "bl", "iz"]) != nil {
      word.append("e".unit)
    } else if longest(Self.doubles) != nil {
      word.removeLast()
    } else if word.count == r1, endsInShortSyllable(word.count) {
      word.append("e".unit)
    }
  }

  /// Step 1c.
  private mutating func replaceFinalY() {
    guard word.count > 2, ends(with: "y") || ends(with: "Y"), !isVowel(word.count - 2) else {
      return
    }
    word[word.count - 1] = "i".unit
  }

  /// Step 2.
  private mutating func replaceLongSuffix() {
    guard let suffix = longest(Self.longSuffixes + ["ogi", "li"]), start(of: suffix) >= r1 else {
      return
    }
    switch suffix {
    case "ogi": if ends(with: "l", before: start(of: suffix)) { replace(suffix, with: "og") }
    case "li":
      if start(of: suffix) > 0, Self.lettersBeforeLi.contains(word[start(of: suffix) - 1]) {
        replace(suffix, with: "")
      }
    default: replace(suffix, with: Self.longSuffixTable[suffix] ?? suffix)
    }
  }

  /// Step 3.
  private mutating func replaceMiddleSuffix() {
    guard let suffix = longest(Self.middleSuffixes + ["ative"]), start(of: suffix) >= r1 else {
      return
    }
    if suffix == "ative" {
      if start(of: suffix) >= r2 { replace(suffix, with: "") }
    } else {
      replace(suffix, with: Self.middleSuffixTable[suffix] ?? suffix)
    }
  }

  /// Step 4.
  private mutating func deleteSuffix() {
    guard let suffix = longest(Self.deletedSuffixes + ["ion"]), start(of: suffix) >= r2 else {
      return
    }
    let start = start(of: suffix)
    if suffix == "ion", !ends(with: "s", before: start), !ends(with: "t", before: start) { return }
    replace(suffix, with: "")
  }

  /// Step 5.
  private mutating func deleteFinalEOrL() {
    let last = word.count - 1
    if ends(with: "e") {
      if last >= r2 || (last >= r1 && !endsInShortSyllable(last)) { word.removeLast() }
    } else if ends(with: "l"), last >= r2, ends(with: "l", before: last) {
      word.removeLast()
    }
  }
}

extension String {
  /// The only UTF-16 unit of an ASCII character.
  fileprivate var unit: UInt16 { utf16.first! }
}

// MARK: - Tables of the published description

extension EnglishStemmer {
  private static let vowels = Set("aeiouy".utf16)
  private static let doubles = ["bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt"]
  private static let lettersBeforeLi = Set("cdeghkmnrt".utf16)
  /// Words that begin so have their R1 after it.
  private static let longBeginnings = ["gener", "commun", "arsen"]

  /// Whole words with stems of their own, or none.
  private static let exceptions: [String: String] = [
    "skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "idly": "idl",
    "gently": "gentl", "ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl",
    "sky": "sky", "news": "news", "howe": "howe", "atlas": "atlas", "cosmos": "cosmos",
    "bias": "bias", "andes": "andes",
  ]

  /// Words that are left as they are once the plural is removed.
  private static let finished: Set<String> = [
    "inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed",
  ]

  private static let longSuffixTable = [
    "tional": "tion", "enci": "ence", "anci": "ance", "abli": "able", "entli": "ent", "izer": "ize",
    "ization": "ize", "ational": "ate", "ation": "ate", "ator": "ate", "alism": "al", "aliti": "al",
    "alli": "al", "fulness": "ful", "ousli": "ous", "ousness": "ous", "iveness": "ive",
    "iviti": "ive", "biliti": "ble", "bli": "ble", "fulli": "ful", "lessli": "less",
  ]
  private static let longSuffixes = Array(longSuffixTable.keys)

  private static let middleSuffixTable = [
    "tional": "tion", "ational": "ate", "alize": "al", "icate": "ic", "iciti": "ic", "ical": "ic",
    "ful": "", "ness": "",
  ]
  private static let middleSuffixes = Array(middleSuffixTable.keys)

  private static let deletedSuffixes = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ism", "ate",
    "iti", "ous", "ive", "ize",
  ]
}
