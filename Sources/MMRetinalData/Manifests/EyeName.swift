/// A path that contains the eye: `12_left.jpg`, `OD/7.png`, `0001R.tif`.
struct EyeName {
  /// The path with `*` in place of the eye.
  let both: String
  let isLeft: Bool

  /// Whether a word means the left eye, by word in lower case.
  static let words: [String: Bool] = [
    "left": true, "right": false, "os": true, "od": false, "l": true, "r": false, "links": true,
    "rechts": false, "左眼": true, "右眼": false, "左": true, "右": false,
  ]

  /// Nil unless a run of letters before the extension denotes an eye; the last one counts.
  init?(_ path: String) {
    let bytes = Array(path.utf8)
    let slash = bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0
    var end = bytes[slash...].lastIndex(of: UInt8(ascii: ".")) ?? bytes.count
    func isLetter(_ byte: UInt8) -> Bool {
      byte >= 0x80 || (byte | 0x20) >= 97 && (byte | 0x20) <= 122
    }
    while end > 0 {
      guard isLetter(bytes[end - 1]) else {
        end -= 1
        continue
      }
      var start = end
      while start > 0, isLetter(bytes[start - 1]) { start -= 1 }
      let word = String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
      if let isLeft = Self.words[word] {
        self.isLeft = isLeft
        both = String(
          decoding: bytes[..<start] + [UInt8(ascii: "*")] + bytes[end...], as: UTF8.self)
        return
      }
      end = start
    }
    return nil
  }
}
