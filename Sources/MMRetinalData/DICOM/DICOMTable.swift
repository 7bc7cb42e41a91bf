#if DICOM
  /// A lookup table (PS3.3, C.11.1 and C.7.9).
  struct DICOMTable {
    /// The value that the first entry is for.
    let first: Int
    /// The bits of an entry: 8 to 16.
    let bits: Int
    /// The entries, at least one.
    let entries: [Int]

    /// The entry for a value; the first or the last one for values out of range.
    subscript(value: Int) -> Int { entries[min(max(value - first, 0), entries.count - 1)] }

    /// The largest possible entry.
    var largest: Int { 1 << bits - 1 }

    /// Reads a table.
    /// - Parameters:
    ///   - isSigned: whether the first value may be negative.
    ///   - segments: the attribute of a table in segments, which the standard allows for colors.
    init(
      _ set: DICOMDataSet, descriptor: DICOMTag, data: DICOMTag, isSigned: Bool,
      segments: DICOMTag? = nil
    ) throws(DICOMProblem) {
      guard let numbers = set.integers(descriptor), numbers.count == 3 else {
        throw .damaged("a lookup table has no descriptor")
      }
      let count = numbers[0] == 0 ? 65536 : numbers[0]
      first = isSigned && numbers[1] > 0x7FFF ? numbers[1] - 0x10000 : numbers[1]
      guard (8...16).contains(numbers[2]) else {
        throw .damaged("a lookup table of \(numbers[2]) bits")
      }
      bits = numbers[2]
      let isBig = set.encoding.isBigEndian
      if set.values[data] == nil, let segments, let range = set.values[segments] {
        let words = Self.numbers(set, range, size: bits > 8 ? 2 : 1, isBig)
        var expanded: [Int] = []
        try Self.expand(words, into: &expanded, limit: count, depth: 0)
        entries = expanded
      } else if let range = set.values[data] {
        // Entries of 8 bits are in bytes, or in words of their own.
        entries = Array(
          Self.numbers(set, range, size: bits > 8 || range.count >= 2 * count ? 2 : 1, isBig)
            .prefix(count))
      } else {
        throw .damaged("a lookup table has no data")
      }
      guard entries.count >= count else {
        throw .truncated("a lookup table has \(entries.count) of \(count) entries")
      }
    }

    private static func numbers(
      _ set: DICOMDataSet, _ range: Range<Int>, size: Int, _ isBigEndian: Bool
    ) -> [Int] {
      stride(from: range.lowerBound, to: range.upperBound - size + 1, by: size).map {
        set.bytes.number($0, size, isBigEndian: isBigEndian)
      }
    }

    /// Segments (C.7.9.2): values, straight lines, and repetitions of earlier segments.
    private static func expand(
      _ words: [Int], from start: Int = 0, count: Int = .max, into entries: inout [Int],
      limit: Int, depth: Int
    ) throws(DICOMProblem) {
      var place = start
      var left = count
      while place + 1 < words.count, left > 0, entries.count < limit {
        left -= 1
        let (code, length) = (words[place], words[place + 1])
        place += 2
        switch code {
        case 0:
          guard place + length <= words.count else { throw .truncated("a segmented lookup table") }
          entries += words[place..<place + length]
          place += length
        case 1:
          guard place < words.count, let last = entries.last, length > 0 else {
            throw .damaged("a segmented lookup table")
          }
          let step = Double(words[place] - last) / Double(length)
          for index in 1...length {
            entries.append(Int((Double(last) + step * Double(index)).rounded()))
          }
          place += 1
        case 2:
          guard place + 1 < words.count, depth == 0 else {
            throw .damaged("a segmented lookup table")
          }
          // The low and the high half of an offset in bytes.
          let size = words[place] | words[place + 1] << 16
          place += 2
          try expand(
            words, from: size, count: length, into: &entries, limit: limit, depth: depth + 1)
        default: throw .damaged("a segmented lookup table")
        }
      }
    }
  }
#endif
