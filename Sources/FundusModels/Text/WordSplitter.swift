/// Splits text into cleaned words, one character at a time.
struct WordSplitter {
  let lowercases: Bool
  let stripsAccents: Bool
  /// The number of ids after which splitting stops.
  let limit: Int
  /// The ids so far.
  var ids: [Int32] = []

  private var word: [UInt8] = []
  private var characters = 0
  /// Combining characters that have not been ordered yet.
  private var waiting: [(point: UInt32, order: UInt8)] = []
  private let pieces: PieceTable
  private let classes = UnicodeClasses.shared

  init(lowercases: Bool, stripsAccents: Bool, limit: Int, pieces: PieceTable) {
    self.lowercases = lowercases
    self.stripsAccents = stripsAccents
    self.limit = limit
    self.pieces = pieces
  }

  var isFull: Bool { ids.count >= limit }

  /// Adds a segment of text, whose end is also the end of a word.
  /// - Parameter bytes: valid UTF-8.
  mutating func add(_ bytes: Span<UInt8>) {
    var position = 0
    while position < bytes.count, !isFull {
      let byte = bytes[position]
      if byte < 0x80 {
        position += 1
        addASCII(byte)
      } else {
        let size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        var point = UInt32(byte) & (size == 4 ? 0x07 : size == 3 ? 0x0F : 0x1F)
        for offset in 1..<size { point = point << 6 | UInt32(bytes[position + offset] & 0x3F) }
        position += size
        add(point)
      }
    }
    endWord()
  }

  private mutating func addASCII(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      append(byte)
    case UInt8(ascii: "A")...UInt8(ascii: "Z"):
      append(lowercases ? byte | 0x20 : byte)
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
      endWord()
    case 0..<0x20, 0x7F:
      break
    default:
      endWord()
      append(byte)
      endWord()
    }
  }

  private mutating func append(_ byte: UInt8) {
    settle()
    word.append(byte)
    characters += 1
  }

  private mutating func add(_ point: UInt32) {
    let flags = classes[point]
    if flags.contains(.removed) { return }
    if flags.contains(.space) { return endWord() }
    let isWord = flags.contains(.chinese)
    if isWord { endWord() }
    if stripsAccents, !flags.isDisjoint(with: [.decomposes, .mark, .combines]) {
      let parts = flags.contains(.decomposes) ? classes.decomposition(of: point) : [point]
      for part in parts { addPart(part) }
    } else {
      addLetter(point, flags)
    }
    if isWord { endWord() }
  }

  /// Adds a character of a canonical decomposition: marks are removed, other combining characters are sorted into
  /// canonical order.
  private mutating func addPart(_ point: UInt32) {
    let flags = classes[point]
    let order = flags.contains(.combines) ? classes.combiningClass(of: point) : 0
    if order == 0 { settle() }
    if flags.contains(.mark) { return }
    guard order > 0 else { return addLetter(point, flags) }
    let place = waiting.lastIndex { $0.order <= order }.map { $0 + 1 } ?? 0
    waiting.insert((point, order), at: place)
  }

  private mutating func addLetter(_ point: UInt32, _ flags: UnicodeClasses.Flags) {
    if !waiting.isEmpty { settle() }
    if lowercases, flags.contains(.changesCase) {
      for small in classes.lowercase(of: point) { write(small, classes[small]) }
    } else {
      write(point, flags)
    }
  }

  private mutating func write(_ point: UInt32, _ flags: UnicodeClasses.Flags) {
    let isWord = flags.contains(.punctuation)
    if isWord { endWord() }
    if let scalar = Unicode.Scalar(point) { word.append(contentsOf: UTF8.encode(scalar)!) }
    characters += 1
    if isWord { endWord() }
  }

  private mutating func settle() {
    guard !waiting.isEmpty else { return }
    let points = waiting
    waiting = []
    for (point, _) in points { addLetter(point, classes[point]) }
  }

  private mutating func endWord() {
    settle()
    guard characters > 0 else { return }
    pieces.append(word, characters: characters, to: &ids)
    word.removeAll(keepingCapacity: true)
    characters = 0
  }
}
