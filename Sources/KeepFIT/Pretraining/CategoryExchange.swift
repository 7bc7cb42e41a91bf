/// Gathers the category names of all ranks. Only their equality matters, so hashes are exchanged.
package enum CategoryExchange {
  package static func gather(_ categories: [String], _ communicator: any Communicator) -> [String] {
    // Sixty bits of FNV-1a, twenty per float, which represents them exactly.
    let words = categories.flatMap { category -> [Float] in
      let hash = category.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
      }
      return [0, 20, 40].map { Float((hash >> $0) & 0xFFFFF) }
    }
    let all = communicator.gather(Tensor(words, shape: [categories.count, 3])).scalars
    return stride(from: 0, to: all.count, by: 3).map { "\(all[$0]),\(all[$0 + 1]),\(all[$0 + 2])" }
  }
}
