import CFundusKernels

extension MappedFile {
  /// 64 hexadecimal digits that tell the content from others, at the speed of memory; not for secrets.
  package var digest: String {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { bytes in
      fk_digest(base, count, bytes.baseAddress!.assumingMemoryBound(to: UInt64.self))
    }
    return hexadecimal([words.0, words.1, words.2, words.3])
  }
}

/// 16 digits for each word.
func hexadecimal(_ words: [UInt64]) -> String {
  words.map { word in
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }.joined()
}
