/// Splits images with several labels so that every part has about its share of each label: iterative
/// stratification (Sechidis, Tsoumakas and Vlahavas, ECML PKDD 2011). Rare labels are placed first.
package struct IterativeStratification {
  /// The part of each unit, or nil for none.
  package private(set) var parts: [Int?]

  /// - Parameters:
  ///   - counts: the number of images of each label in each unit, `[U][K]`. A unit, an image or a group of
  ///     images, is not divided.
  ///   - sizes: the number of images in each unit, `[U]`.
  ///   - shares: the fraction of the images of each part; the rest is left out.
  ///   - random: shuffles the units, and decides between equal parts by their order.
  package init(counts: [[Int]], sizes: [Int], shares: [Double], random: inout PythonRandom) {
    let labels = counts.first?.count ?? 0
    // The left-out images are treated as another part.
    let shares = shares + [max(0, 1 - shares.reduce(0, +))]
    let total = Double(sizes.reduce(0, +))
    var wanted = shares.map { $0 * total }
    var wantedOfLabel = (0..<labels).map { label in
      let sum = Double(counts.reduce(0) { $0 + $1[label] })
      return shares.map { $0 * sum }
    }
    var order = Array(counts.indices)
    random.shuffle(&order)
    var places = [Int?](repeating: nil, count: counts.count)

    func place(_ unit: Int, by need: [Double]) {
      // The part that lacks most of this label, then the one that lacks most images, then the first one.
      let open = shares.indices.filter { shares[$0] > 0 }
      let best = open.max {
        (need[$0], wanted[$0], -$0) < (need[$1], wanted[$1], -$1)
      }
      guard let best else { return }
      places[unit] = best
      wanted[best] -= Double(sizes[unit])
      for label in 0..<labels { wantedOfLabel[label][best] -= Double(counts[unit][label]) }
    }

    var rest = order
    while true {
      let left = (0..<labels).map { label in
        rest.reduce(0) { $0 + (counts[$1][label] > 0 ? 1 : 0) }
      }
      guard let rarest = (0..<labels).filter({ left[$0] > 0 }).min(by: { left[$0] < left[$1] })
      else { break }
      for unit in rest where counts[unit][rarest] > 0 { place(unit, by: wantedOfLabel[rarest]) }
      rest.removeAll { counts[$0][rarest] > 0 }
    }
    for unit in rest { place(unit, by: wanted) }
    parts = places.map { $0 == shares.count - 1 ? nil : $0 }
  }
}
