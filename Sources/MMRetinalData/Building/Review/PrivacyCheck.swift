import Foundation

/// Searches texts and file names for information that may identify a patient: names, dates of birth or of an
/// examination, record and telephone numbers.
///
/// A match is only a reason for review: a flagged pair is not in any manifest until a reviewer accepts it.
/// English and Chinese forms are covered. Names in running text without a word such as
/// "patient" or "Mr." before them are not found.
public enum PrivacyCheck {
  /// The kind of match.
  public enum Reason: String, Sendable, Hashable, Codable, CaseIterable {
    /// The name of a person.
    case name
    /// A day with its year.
    case date
    /// A record, identity or telephone number.
    case number
  }

  /// Whether the texts of a row, or the name of its image, may identify a patient.
  public static func finds(in row: PairRow) -> Bool {
    !reasons(inText: row.caption).isEmpty || !reasons(inText: row.captionZh).isEmpty
      || !reasons(inFileName: row.image.split(separator: "/").last.map(String.init) ?? "").isEmpty
  }

  // MARK: - Texts

  /// The parts of a text that may identify a patient.
  public static func reasons(inText text: String) -> Set<Reason> {
    // A megabyte of text is not a caption; checking its beginning is enough.
    let text = String(text.prefix(20_000))
    var found: Set<Reason> = []
    for (pattern, reason) in textPatterns where !found.contains(reason) {
      if finds(pattern, in: text) { found.insert(reason) }
    }
    if !found.contains(.number), hasLongNumber(text) { found.insert(.number) }
    if !found.contains(.name), namesChinesePatient(text) { found.insert(.name) }
    return found
  }

  /// Regular expressions, each with what it finds.
  private static func compiled(_ patterns: [(String, Reason)]) -> [(
    pattern: NSRegularExpression, reason: Reason
  )] {
    patterns.map { pattern, reason in
      guard let expression = try? NSRegularExpression(pattern: pattern) else {
        preconditionFailure("'\(pattern)' is no regular expression")
      }
      return (expression, reason)
    }
  }

  static func finds(_ pattern: NSRegularExpression, in text: String) -> Bool {
    pattern.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
  }

  private static let month =
    "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\\.?"
  private static let textPatterns = compiled([
    ("(?i)\\b(?:patient(?:'s|’s)?|full|first|last|family|given)\\s+name\\b", .name),
    ("(?i)\\bname\\s*[:：=]", .name),
    ("\\b(?:Mr|Mrs|Ms|Miss|Mister)\\b\\.?\\s+\\p{Lu}", .name),
    ("(?i:\\bpatient)\\s*[:：]\\s*\\p{Lu}\\p{Ll}+[ ,]+\\p{Lu}", .name),
    ("姓\\s*名|(?:患者|病人)\\s*[:：]", .name),
    (
      "(?i)\\b(?:d\\.?o\\.?b\\.?\\s*[:：]|date\\s+of\\s+birth|birth\\s*da(?:te|y)|born\\s+(?:on|in)\\b)",
      .date
    ),
    ("出生|生日|(?:19|20)\\d{2}\\s*年\\s*\\d{1,2}\\s*月\\s*\\d{1,2}\\s*[日号]", .date),
    (
      "(?<![\\d-])(?:19|20)\\d{2}([-/.])(?:0?[1-9]|1[0-2])\\1(?:0?[1-9]|[12]\\d|3[01])(?![\\d-])",
      .date
    ),
    (
      "(?<![\\d-])(?:0?[1-9]|[12]\\d|3[01])([-/.])(?:0?[1-9]|[12]\\d|3[01])\\1(?:19|20)\\d{2}(?![\\d-])",
      .date
    ),
    ("(?i)\\b\\d{1,2}(?:st|nd|rd|th)?\\s+(?:of\\s+)?\(month),?\\s+(?:19|20)\\d{2}\\b", .date),
    ("(?i)\\b\(month)\\s+\\d{1,2}(?:st|nd|rd|th)?,?\\s+(?:19|20)\\d{2}\\b", .date),
    (
      "(?i)\\b(?:mrn\\b|(?:medical\\s+)?record\\s*(?:no|number|#|id)|(?:hospital|patient|chart|admission|file|case)\\s*(?:no\\b\\.?|number|#|id\\b)\\s*[:：#.]?\\s*[a-z]{0,3}\\d{3,}|id\\s*[:：#]\\s*[a-z]{0,3}\\d{3,})",
      .number
    ),
    (
      "(?:住院|病历|病案|门诊|就诊|档案|病理|检查|影像|登记|身份证|电话|手机)\\s*(?:编)?(?:号|号码|证号)?\\s*[:：]?\\s*[A-Za-z]{0,3}\\d{3,}",
      .number
    ),
    ("(?:住院号|病历号|病案号|门诊号|就诊号|身份证)", .number),
    ("(?i)\\b(?:phone|tel|mobile)\\b\\.?\\s*[:：]?\\s*\\+?[\\d(]", .number),
  ])

  /// Seven or more digits in a row: no measurement of an eye has that many.
  private static func hasLongNumber(_ text: String) -> Bool {
    var run = 0
    var isDecimal = false
    for scalar in text.unicodeScalars {
      if ("0"..."9").contains(scalar) || ("０"..."９").contains(scalar) {
        run += 1
        if run >= 7, !isDecimal { return true }
      } else {
        isDecimal = scalar == "." && run > 0
        run = 0
      }
    }
    return false
  }

  /// "患者张某，男" or "患者：张三": a surname and one or two characters before a comma, a sex or an age.
  private static func namesChinesePatient(_ text: String) -> Bool {
    for word in ["患者", "病人", "患儿"] {
      var rest = text[...]
      while let range = rest.range(of: word) {
        rest = rest[range.upperBound...]
        let following = Array(rest.drop { $0 == " " || $0 == "　" }.prefix(4))
        guard let first = following.first, chineseSurnames.contains(first) else { continue }
        for length in 2...3 where following.count > length {
          let given = following[1..<length]
          if given.allSatisfy(isIdeograph), "，,、。（(男女 ".contains(following[length]),
            !given.contains(where: { "眼底膜部网斑盘侧性病者".contains($0) })
          {
            return true
          }
        }
      }
    }
    return false
  }

  static func isIdeograph(_ character: Character) -> Bool {
    character.unicodeScalars.allSatisfy(\.properties.isIdeographic)
  }

  /// The surnames of nine in ten Chinese people.
  static let chineseSurnames = Set(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
  )
}
