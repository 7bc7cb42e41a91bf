/// Describes the locations of sites in English and Chinese.
struct FindingPlaceWords {
  let eye: FundusEye
  let sites: [FindingSite]

  private enum Zone: Hashable { case fovea, macula, disc, arcade, periphery, pole }

  private func zone(_ place: Point) -> Zone {
    let traits = eye.traits
    if place.length < 0.1 { return .fovea }
    if place.length < 0.38 { return .macula }
    if traits.discDistance(place) < 2.3 { return .disc }
    let arch = (place / Point(traits.discCenter.x, traits.arcadeHeight)).length
    let temporal = place.x < traits.discCenter.x
    if temporal, place.x > -0.35, abs(arch - 1) < 0.2 { return .arcade }
    let far = (place / Point(1.15, 1)).length > 0.62
    return temporal ? (far ? .periphery : .pole) : .periphery
  }

  /// The part of the sites that lie in one of the zones.
  private func share(_ zones: Set<Zone>) -> Float {
    Float(sites.count { zones.contains(zone($0.place)) }) / Float(max(1, sites.count))
  }

  /// The side of the fovea on which all sites lie, if they do.
  private var side: (english: String, chinese: String)? {
    let mean = sites.reduce(Point.zero) { $0 + $1.place } / Float(max(1, sites.count))
    guard mean.length > 0.05,
      sites.allSatisfy({ ($0.place * mean).sum() > 0.55 * $0.place.length * mean.length })
    else { return nil }
    if abs(mean.x) > abs(mean.y) {
      return mean.x > 0 ? ("nasal", "鼻侧") : ("temporal", "颞侧")
    }
    return mean.y > 0 ? ("inferior", "下方") : ("superior", "上方")
  }

  /// A phrase with its preposition, such as "along the superotemporal arcade", and the Chinese.
  var words: (english: String, chinese: String) {
    guard !sites.isEmpty else { return ("in the fundus", "眼底") }
    let quadrants = Set(
      sites.map { RetinalQuadrant($0.place, discCenter: eye.traits.discCenter) })
    if share([.fovea]) > 0.6 { return ("at the fovea", "黄斑中心凹") }
    if share([.fovea, .macula]) > 0.75 {
      guard let side else { return ("around the fovea", "黄斑区") }
      return ("in the macula, \(side.english) to the fovea", "黄斑\(side.chinese)")
    }
    if let only = quadrants.first, quadrants.count == 1 {
      if share([.arcade]) > 0.7 {
        return ("along the \(only.english) arcade", "\(only.chinese)血管弓旁")
      }
      if share([.disc]) > 0.7 {
        return ("\(only.english) to the optic disc", "视盘\(only.chinese)")
      }
      return ("in the \(only.english) quadrant", "\(only.chinese)象限")
    }
    if share([.disc]) > 0.7 { return ("around the optic disc", "视盘周围") }
    if share([.arcade]) > 0.75 { return ("along the temporal arcades", "颞侧血管弓旁") }
    if quadrants == [.superotemporal, .superonasal] {
      return ("in the superior half of the retina", "上方视网膜")
    }
    if quadrants == [.inferotemporal, .inferonasal] {
      return ("in the inferior half of the retina", "下方视网膜")
    }
    if quadrants == [.superotemporal, .inferotemporal] {
      return ("in the temporal quadrants", "颞侧视网膜")
    }
    if share([.periphery]) > 0.6 { return ("in the mid-periphery", "中周部视网膜") }
    if quadrants.count == 4, sites.count > 11 { return ("in all four quadrants", "四个象限") }
    return ("over the posterior pole", "后极部")
  }
}

extension RetinalQuadrant {
  fileprivate var english: String { rawValue }

  fileprivate var chinese: String {
    switch self {
    case .superotemporal: "颞上"
    case .inferotemporal: "颞下"
    case .superonasal: "鼻上"
    case .inferonasal: "鼻下"
    }
  }
}
