/// Fingerprints sorted so that those that resemble an image are found without comparing all of them.
///
/// Two hashes that differ in at most ``ImageFingerprint/bitLimit`` of 64 bits agree in one of five bands at least, so
/// only images that share a band are compared.
package struct FingerprintIndex: Sendable {
  private static let bandCount = ImageFingerprint.bitLimit + 1

  private let fingerprints: [ImageFingerprint]
  /// For each band, the images of each of its values in ascending order.
  private let bands: [[UInt64: [Int]]]

  package init(_ fingerprints: [ImageFingerprint]) {
    self.fingerprints = fingerprints
    bands = (0..<Self.bandCount).map { band in
      Dictionary(grouping: fingerprints.indices) { Self.value(of: fingerprints[$0], band: band) }
    }
  }

  /// The first image before an image that resembles it.
  package func match(before index: Int) -> Int? {
    let fingerprint = fingerprints[index]
    var first = index
    for band in 0..<Self.bandCount {
      let candidates = bands[band][Self.value(of: fingerprint, band: band)] ?? []
      for candidate in candidates {
        if candidate >= first { break }
        if fingerprints[candidate].resembles(fingerprint) {
          first = candidate
          break
        }
      }
    }
    return first < index ? first : nil
  }

  private static func value(of fingerprint: ImageFingerprint, band: Int) -> UInt64 {
    let start = 64 * band / bandCount
    let end = 64 * (band + 1) / bandCount
    return fingerprint.hash.bits >> UInt64(start) & (1 << UInt64(end - start) - 1)
  }
}
