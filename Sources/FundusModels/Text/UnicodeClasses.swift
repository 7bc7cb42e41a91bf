/// The Unicode tables of the tokenizer, optimized for lookup. Written by the initializer only.
final class UnicodeClasses: @unchecked Sendable {
  /// The properties of a character.
  struct Flags: OptionSet {
    let rawValue: UInt8

    static let removed = Flags(rawValue: 1)
    static let space = Flags(rawValue: 2)
    static let chinese = Flags(rawValue: 4)
    static let mark = Flags(rawValue: 8)
    static let punctuation = Flags(rawValue: 16)
    static let changesCase = Flags(rawValue: 32)
    static let decomposes = Flags(rawValue: 64)
    static let combines = Flags(rawValue: 128)
  }

  static let shared = UnicodeClasses()

  /// One byte per code point.
  private var flags = [UInt8](repeating: 0, count: 0x110000)
  private var lowercase: [UInt32: [UInt32]] = [:]
  private var decompositions: [UInt32: [UInt32]] = [:]
  private var combiningClasses: [UInt32: UInt8] = [:]

  private init() {
    mark(UnicodeTables.removed, .removed)
    mark(UnicodeTables.space, .space)
    mark(UnicodeTables.chinese, .chinese)
    mark(UnicodeTables.mark, .mark)
    mark(UnicodeTables.punctuation, .punctuation)
    for entry in UnicodeTables.lowercase.split(separator: " ") {
      let parts = entry.split(separator: ":")
      let range = parts[0].split(separator: "/")
      let distance = Int(parts[1])!
      for letter in Self.points(range[0], step: range.count > 1 ? Int(range[1])! : 1) {
        set([UInt32(Int(letter) + distance)], for: letter, in: \.lowercase, .changesCase)
      }
    }
    read(UnicodeTables.longLowercase, into: \.lowercase, .changesCase)
    read(UnicodeTables.decomposition, into: \.decompositions, .decomposes)
    for syllable in UInt32(0xAC00)...0xD7A3 {
      flags[Int(syllable)] |= Flags.decomposes.rawValue
    }
    for entry in UnicodeTables.combiningClass.split(separator: " ") {
      let parts = entry.split(separator: "=")
      for range in parts[1].split(separator: ",") {
        for point in Self.points(range) {
          combiningClasses[point] = UInt8(parts[0])!
          flags[Int(point)] |= Flags.combines.rawValue
        }
      }
    }
  }

  subscript(point: UInt32) -> Flags { Flags(rawValue: flags[Int(point)]) }

  /// The lower case of a letter that has ``Flags/changesCase``.
  func lowercase(of point: UInt32) -> [UInt32] { lowercase[point] ?? [point] }

  /// The canonical decomposition of a character that has ``Flags/decomposes``.
  func decomposition(of point: UInt32) -> [UInt32] {
    guard (0xAC00...0xD7A3).contains(point) else { return decompositions[point] ?? [point] }
    // Hangul syllables, as chapter 3.12 of the Unicode standard composes them.
    let index = point - 0xAC00
    let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28]
    return index % 28 == 0 ? parts : parts + [0x11A7 + index % 28]
  }

  /// The canonical combining class; 0 for a starter.
  func combiningClass(of point: UInt32) -> UInt8 { combiningClasses[point] ?? 0 }

  // MARK: Reading the tables

  private static func points(_ range: Substring, step: Int = 1) -> StrideThrough<UInt32> {
    let ends = range.split(separator: "-").map { UInt32($0, radix: 16)! }
    return Swift.stride(from: ends[0], through: ends[ends.count - 1], by: step)
  }

  private func mark(_ table: String, _ flag: Flags) {
    for range in table.split(separator: " ") {
      for point in Self.points(range) { flags[Int(point)] |= flag.rawValue }
    }
  }

  private func set(
    _ value: [UInt32], for point: UInt32,
    in table: ReferenceWritableKeyPath<UnicodeClasses, [UInt32: [UInt32]]>, _ flag: Flags
  ) {
    self[keyPath: table][point] = value
    flags[Int(point)] |= flag.rawValue
  }

  private func read(
    _ text: String, into table: ReferenceWritableKeyPath<UnicodeClasses, [UInt32: [UInt32]]>,
    _ flag: Flags
  ) {
    var point: UInt32 = 0
    for entry in text.split(separator: " ") {
      let parts = entry.split(separator: ":")
      point = parts.count > 1 ? UInt32(parts[0], radix: 16)! : point + 1
      let value = parts[parts.count - 1].split(separator: ".").map { UInt32($0, radix: 16)! }
      set(value, for: point, in: table, flag)
    }
  }
}
