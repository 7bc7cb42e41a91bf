/// MT19937, the 32-bit Mersenne Twister (Matsumoto and Nishimura, TOMACS 1998).
///
/// The generator underlying Python's `random` and PyTorch's CPU generator; ``PythonRandom`` and
/// ``TorchGenerator`` turn its words into numbers the way each of them does. For everything that
/// has no published order to reproduce, use ``RandomStream``.
package struct MersenneTwister: Sendable {
  private var state: [UInt32]
  private var position = Self.size

  private static let size = 624
  private static let middle = 397

  /// The reference `init_genrand`: how PyTorch seeds it.
  package init(seed: UInt32) {
    state = [UInt32](repeating: seed, count: Self.size)
    for index in 1..<Self.size {
      let previous = state[index - 1]
      state[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
    }
  }

  /// The reference `init_by_array`: how Python seeds it.
  /// - Parameter key: the words of the seed, least significant first; at least one.
  package init(key: [UInt32]) {
    precondition(!key.isEmpty, "a Mersenne Twister needs a key of at least one word")
    self.init(seed: 19_650_218)
    var index = 1
    var keyIndex = 0
    for _ in 0..<max(Self.size, key.count) {
      let previous = state[index - 1]
      let mixed = state[index] ^ ((previous ^ (previous >> 30)) &* 1_664_525)
      state[index] = mixed &+ key[keyIndex] &+ UInt32(keyIndex)
      advance(&index)
      keyIndex = (keyIndex + 1) % key.count
    }
    for _ in 1..<Self.size {
      let previous = state[index - 1]
      let mixed = state[index] ^ ((previous ^ (previous >> 30)) &* 1_566_083_941)
      state[index] = mixed &- UInt32(index)
      advance(&index)
    }
    state[0] = 0x8000_0000
  }

  private mutating func advance(_ index: inout Int) {
    index += 1
    if index >= Self.size {
      state[0] = state[Self.size - 1]
      index = 1
    }
  }

  private mutating func twist() {
    for index in 0..<Self.size {
      let next = state[(index + 1) % Self.size]
      let joined = (state[index] & 0x8000_0000) | (next & 0x7FFF_FFFF)
      let twisted = (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
      state[index] = state[(index + Self.middle) % Self.size] ^ twisted
    }
    position = 0
  }

  /// The next 32 random bits.
  package mutating func nextWord() -> UInt32 {
    if position == Self.size { twist() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C_5680
    word ^= (word << 15) & 0xEFC6_0000
    return word ^ (word >> 18)
  }
}
