import FundusTensor

/// Damages a file the way that finds the mistakes of readers: bits, bytes and lengths that say too
/// much, pieces that are missing, doubled or from another file.
struct Mutation {
  /// Byte sequences that mean something in the format, to be put anywhere.
  let words: [[UInt8]]

  /// A file made of the valid files `seeds` by one to eight changes, more often few: much damage is
  /// found at the door, little gets further.
  func apply(to seeds: [[UInt8]], _ random: inout RandomStream) -> [UInt8] {
    var bytes = seeds[random.index(below: seeds.count)]
    for _ in 0...random.index(below: [1, 3, 8][random.index(below: 3)]) {
      change(&bytes, seeds, &random)
    }
    return bytes
  }

  private func change(
    _ bytes: inout [UInt8], _ seeds: [[UInt8]], _ random: inout RandomStream
  ) {
    guard !bytes.isEmpty else {
      bytes = [UInt8(truncatingIfNeeded: random.next())]
      return
    }
    // Half of the changes fall near one of the ends, where headers and directories are.
    let near = random.index(below: 4)
    let window = min(bytes.count, 600)
    let place =
      switch near {
      case 0: random.index(below: window)
      case 1: bytes.count - 1 - random.index(below: window)
      default: random.index(below: bytes.count)
      }
    switch random.index(below: 11) {
    case 0: bytes[place] ^= 1 << UInt8(random.index(below: 8))
    case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][random.index(below: 5)]
    case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 3: overwrite(&bytes, place, integer(bytes.count, &random))
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + length(&random)))
    case 5: bytes.removeSubrange(place...)
    case 6:
      let piece = Array(bytes[place..<min(bytes.count, place + length(&random))])
      bytes.insert(contentsOf: piece, at: random.index(below: bytes.count + 1))
    case 7:
      let other = seeds[random.index(below: seeds.count)]
      let start = random.index(below: other.count)
      bytes.insert(
        contentsOf: other[start..<min(other.count, start + length(&random))], at: place)
    case 8:
      guard !words.isEmpty else { return }
      let word = words[random.index(below: words.count)]
      if random.index(below: 2) == 0 {
        bytes.insert(contentsOf: word, at: place)
      } else {
        overwrite(&bytes, place, word)
      }
    case 9: digits(&bytes, place, &random)
    default:
      let other = random.index(below: bytes.count)
      bytes.swapAt(place, other)
    }
  }

  private func length(_ random: inout RandomStream) -> Int {
    1 + random.index(below: [4, 16, 300][random.index(below: 3)])
  }

  private func overwrite(_ bytes: inout [UInt8], _ place: Int, _ word: [UInt8]) {
    for (index, byte) in word.enumerated() where place + index < bytes.count {
      bytes[place + index] = byte
    }
  }

  /// An integer of 2, 4 or 8 bytes in either byte order that lengths should not have.
  private func integer(_ count: Int, _ random: inout RandomStream) -> [UInt8] {
    let values: [Int64] = [
      0, 1, -1, Int64(count), Int64(count) + 1, Int64(count) - 1, .max, .min, 0x7FFF_FFFF,
      0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0x4000_0000_0000_0000, 65535, 1 << 20, 1 << 30,
    ]
    let value = values[random.index(below: values.count)]
    let width = [2, 4, 8][random.index(below: 3)]
    let bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * Int64($0))) }
    return random.index(below: 2) == 0 ? bytes : bytes.reversed()
  }

  /// Changes the number in decimal digits at or after `place`, as text formats have them.
  private func digits(_ bytes: inout [UInt8], _ place: Int, _ random: inout RandomStream) {
    guard let start = bytes[place...].firstIndex(where: { (48...57).contains($0) }) else { return }
    let end = bytes[start...].firstIndex { !(48...57).contains($0) } ?? bytes.count
    let numbers = [
      "0", "1", "-1", "4294967296", "9223372036854775807", "9223372036854775808", "1e99", "2.5",
      "1000000007", "99999999999999999999999", "00", "",
    ]
    bytes.replaceSubrange(start..<end, with: numbers[random.index(below: numbers.count)].utf8)
  }
}
