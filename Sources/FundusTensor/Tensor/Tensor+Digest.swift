extension Tensor {
  /// A digest of shape and elements, 64 hexadecimal digits, computed at memory speed. Equal bits give equal
  /// digests on every machine of the same byte order.
  public var digest: String {
    var words = digestWords(pointer, count * MemoryLayout<Float>.stride)
    var salt: UInt64 = UInt64(rank)
    for size in shape { salt = (salt ^ UInt64(size)) &* 0x0000_0100_0000_01B3 &+ 0x9E37 }
    words[0] ^= salt
    return hexadecimal(words)
  }
}
