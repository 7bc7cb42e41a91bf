import CFundusKernels

/// A 256-bit digest of `count` bytes, computed at memory speed; not cryptographic.
func digestWords(_ bytes: UnsafeRawPointer, _ count: Int) -> [UInt64] {
  [UInt64](unsafeUninitializedCapacity: 4) { words, filled in
    fk_digest(bytes, count, words.baseAddress!)
    filled = 4
  }
}

/// 16 digits for each word.
package func hexadecimal(_ words: [UInt64]) -> String {
  words.map { word in
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }.joined()
}
