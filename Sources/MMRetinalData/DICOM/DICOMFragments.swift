#if DICOM
  /// Encapsulated pixel data (PS3.5, annex A.4): fragments, of which one or several make a frame.
  struct DICOMFragments {
    private let bytes: DICOMBytes
    private var offsets: [Int] = []
    /// The position of each item header, and its value.
    private var fragments: [(item: Int, value: Range<Int>)] = []

    private static let mostFragments = 1_000_000

    init(_ bytes: DICOMBytes, from start: Int, _ set: DICOMDataSet) throws(DICOMProblem) {
      self.bytes = bytes
      var place = start
      var isFirst = true
      while place + 8 <= bytes.count {
        let header = try bytes.header(at: place, .init(), end: bytes.count)
        if header.tag == DICOMTag.sequenceEnd { break }
        guard header.tag == DICOMTag.item, let length = header.length else {
          throw .damaged("the fragments of the pixel data are not in order")
        }
        guard length <= bytes.count - header.start else {
          throw .truncated(
            "a fragment of \(length) bytes, \(bytes.count - header.start) are left")
        }
        let value = header.start..<header.start + length
        if isFirst {
          offsets = stride(from: value.lowerBound, to: value.upperBound - 3, by: 4).map {
            bytes.number($0, 4)
          }
        } else {
          guard fragments.count < Self.mostFragments else { throw .damaged("too many fragments") }
          fragments.append((place, value))
        }
        isFirst = false
        place = value.upperBound
      }
      if let range = set.values[.extendedOffsets], range.count >= 8 {
        offsets = stride(from: range.lowerBound, to: range.upperBound - 7, by: 8).map {
          bytes.number($0, 8)
        }
      }
      guard !fragments.isEmpty else { throw .truncated("the pixel data has no fragments") }
    }

    /// The position after the fragments that begin at `start`.
    static func end(
      in bytes: DICOMBytes, from start: Int, _ encoding: DICOMBytes.Encoding
    ) throws(DICOMProblem) -> Int {
      var place = start
      while true {
        let header = try bytes.header(at: place, encoding, end: bytes.count)
        if header.tag == DICOMTag.sequenceEnd { return header.start }
        guard header.tag == DICOMTag.item, let length = header.length,
          length <= bytes.count - header.start
        else { throw .damaged("the fragments of an element are not in order") }
        place = header.start + length
      }
    }

    /// The code stream of a frame, from 0, of `count`.
    func frame(_ index: Int, of count: Int) throws(DICOMProblem) -> [UInt8] {
      let ranges = try ranges(of: index, count: count)
      return ranges.flatMap { bytes.bytes($0) }
    }

    private func ranges(of index: Int, count: Int) throws(DICOMProblem) -> [Range<Int>] {
      if count == 1 { return fragments.map(\.value) }
      if fragments.count == count { return [fragments[index].value] }
      if offsets.count == count, let ranges = byOffsets(index) { return ranges }
      let groups = byEndMarkers()
      guard groups.count == count else {
        throw .damaged(
          "\(fragments.count) fragments, which cannot be assigned to \(count) frames")
      }
      return groups[index]
    }

    /// Offsets count from the first fragment; nil unless they all point to one.
    private func byOffsets(_ index: Int) -> [Range<Int>]? {
      let origin = fragments[0].item
      let places = Set(fragments.map { $0.item - origin })
      guard offsets[0] == 0, offsets.allSatisfy(places.contains) else { return nil }
      let next = index + 1 < offsets.count ? offsets[index + 1] : Int.max
      guard next > offsets[index] else { return nil }
      return fragments.filter { (offsets[index]..<next).contains($0.item - origin) }.map(\.value)
    }

    /// Frames end with the marker that ends a JPEG code stream, which padding may follow.
    private func byEndMarkers() -> [[Range<Int>]] {
      var groups: [[Range<Int>]] = []
      var open: [Range<Int>] = []
      for (_, value) in fragments {
        open.append(value)
        let tail = bytes.bytes(max(value.lowerBound, value.upperBound - 10)..<value.upperBound)
        guard zip(tail, tail.dropFirst()).contains(where: { $0 == 0xFF && $1 == 0xD9 }) else {
          continue
        }
        groups.append(open)
        open = []
      }
      return open.isEmpty ? groups : groups + [open]
    }
  }
#endif
