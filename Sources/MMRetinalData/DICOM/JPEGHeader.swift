#if DICOM
  /// The segments of a JPEG code stream (ISO/IEC 10918-1, annex B).
  struct JPEGSegments: Sequence, IteratorProtocol {
    struct Segment {
      let marker: UInt8
      /// The parameters, after the length.
      let body: Range<Int>
    }

    private let bytes: [UInt8]
    /// The position after the last segment.
    var place: Int

    /// Segments from a position on, by default after the marker that begins the image.
    init(_ bytes: [UInt8], from place: Int = 2) {
      self.bytes = bytes
      self.place = place
    }

    /// The next segment; nil at the end of the image, or if the bytes end.
    mutating func next() -> Segment? {
      while place + 1 < bytes.count, bytes[place] != 0xFF || bytes[place + 1] == 0xFF {
        place += 1
      }
      guard place + 1 < bytes.count else { return nil }
      let marker = bytes[place + 1]
      if marker == 0xD9 { return nil }
      if marker == 0 || marker == 1 || (0xD0...0xD8).contains(marker) {
        place += 2
        return next(after: marker)
      }
      guard place + 4 <= bytes.count else { return nil }
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      guard length >= 2, place + 2 + length <= bytes.count else { return nil }
      let body = place + 4..<place + 2 + length
      place = body.upperBound
      return Segment(marker: marker, body: body)
    }

    private mutating func next(after marker: UInt8) -> Segment? {
      Segment(marker: marker, body: place..<place)
    }
  }

  /// The frame of a JPEG code stream.
  struct JPEGHeader {
    enum Process {
      case sequential, progressive, lossless
    }

    struct Component: Equatable {
      let identifier: UInt8
      /// Sampling factors.
      let across: Int
      let down: Int
      /// The table of quantization.
      let table: Int
    }

    let process: Process
    /// Bits per sample.
    let precision: Int
    let width: Int
    let height: Int
    let components: [Component]

    init(_ bytes: [UInt8]) throws(DICOMProblem) {
      guard bytes.starts(with: [0xFF, 0xD8]) else {
        throw .damaged("a frame is not a JPEG code stream")
      }
      for segment in JPEGSegments(bytes)
      where (0xC0...0xCF).contains(segment.marker) && ![0xC4, 0xC8, 0xCC].contains(segment.marker) {
        let body = Array(bytes[segment.body])
        switch segment.marker {
        case 0xC0, 0xC1: process = .sequential
        case 0xC2: process = .progressive
        case 0xC3: process = .lossless
        case 0xC9...0xCF: throw .unsupported("JPEG with arithmetic coding")
        default: throw .unsupported("hierarchical JPEG")
        }
        guard body.count >= 6, body.count >= 6 + 3 * Int(body[5]) else {
          throw .truncated("the header of a JPEG frame")
        }
        precision = Int(body[0])
        height = Int(body[1]) << 8 | Int(body[2])
        width = Int(body[3]) << 8 | Int(body[4])
        components = (0..<Int(body[5])).map {
          let at = 6 + 3 * $0
          return Component(
            identifier: body[at], across: Int(body[at + 1] >> 4), down: Int(body[at + 1] & 15),
            table: Int(body[at + 2]))
        }
        guard
          components.allSatisfy({
            (1...4).contains($0.across) && (1...4).contains($0.down) && $0.table < 4
          })
        else { throw .damaged("the components of a JPEG frame are out of range") }
        return
      }
      throw .damaged("a JPEG code stream without a frame")
    }
  }

  /// The color space of a JPEG or JPEG-LS code stream as its own markers state it.
  struct JPEGColor {
    private var isRGB: Bool?

    init(_ bytes: [UInt8]) {
      for segment in JPEGSegments(bytes) {
        let body = bytes[segment.body]
        switch segment.marker {
        case 0xC0...0xC3, 0xF7:
          let names = body.dropFirst(6).enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
          if names == Array("RGB".utf8) || names == Array("rgb".utf8) { isRGB = true }
        case 0xE0 where body.starts(with: Array("JFIF".utf8)):
          if isRGB == nil { isRGB = false }
        case 0xDA: return
        default: break
        }
      }
    }

    /// Whether components are luminance and chroma.
    /// - Parameter isYBR: what the data set states, which holds without markers.
    func isYBR(default isYBR: Bool) -> Bool { isRGB.map { !$0 } ?? isYBR }

    /// The code stream with a marker that leaves the components as they are, in place of those that state a color space.
    static func withoutTransform(_ bytes: [UInt8]) -> [UInt8] {
      var result: [UInt8] = [0xFF, 0xD8, 0xFF, 0xEE, 0, 14]
      result += Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 0]
      var segments = JPEGSegments(bytes)
      var kept = 2
      var start = 2
      while let segment = segments.next() {
        if segment.marker == 0xDA { break }
        if segment.marker == 0xE0 || segment.marker == 0xEE {
          result += bytes[kept..<start]
          kept = segments.place
        }
        start = segments.place
      }
      return result + bytes[kept...]
    }
  }
#endif
