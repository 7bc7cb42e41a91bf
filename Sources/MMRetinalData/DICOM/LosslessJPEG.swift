#if DICOM
  /// Lossless JPEG with Huffman codes (ISO/IEC 10918-1, annex H; process 14): each sample is predicted from its
  /// neighbors, and the difference is stored.
  struct LosslessJPEG {
    private let bytes: [UInt8]
    private let header: JPEGHeader
    private var codes = [[JPEGCode?]](
      repeating: [JPEGCode?](repeating: nil, count: 4), count: 2)
    private var interval = 0
    /// `[height, width, components]`.
    private var samples: [UInt16]
    private var done: Set<Int> = []

    init(_ bytes: [UInt8], _ header: JPEGHeader) {
      self.bytes = bytes
      self.header = header
      samples = []
    }

    /// The samples `[height, width, components]`.
    mutating func decode() throws(DICOMProblem) -> [UInt16] {
      let count = header.components.count
      guard (2...16).contains(header.precision) else {
        throw .damaged("lossless JPEG with \(header.precision) bits")
      }
      let isSubsampled = header.components.contains { $0.across > 1 || $0.down > 1 }
      if count > 1, isSubsampled { throw .unsupported("lossless JPEG with subsampled components") }
      // A sample takes at least one bit.
      guard header.width * header.height <= bytes.count * 8 else {
        throw .truncated(
          "\(bytes.count) bytes of JPEG are too few for \(header.width) x \(header.height) pixels")
      }
      samples = [UInt16](repeating: 0, count: header.width * header.height * count)
      var segments = JPEGSegments(bytes)
      while done.count < count, let segment = segments.next() {
        let body = bytes[segment.body]
        switch segment.marker {
        case 0xC4: try JPEGCode.read(body, into: &codes)
        case 0xDD where body.count >= 2:
          interval = Int(body[body.startIndex]) << 8 | Int(body[body.startIndex + 1])
        case 0xDA: segments.place = try scan(JPEGScan(body, header), from: segments.place)
        default: break
        }
      }
      guard done.count == count else { throw .truncated("a JPEG code stream ends too early") }
      return samples
    }

    /// Decodes a scan.
    /// - Returns: the position after it.
    private mutating func scan(_ scan: JPEGScan, from place: Int) throws(DICOMProblem) -> Int {
      let (width, count) = (header.width, header.components.count)
      guard (1...7).contains(scan.selection), scan.shift < header.precision else {
        throw .damaged("the predictor of a lossless JPEG is \(scan.selection)")
      }
      guard interval % width == 0 else {
        throw .unsupported("lossless JPEG that restarts within a row")
      }
      var selected: [(component: Int, code: JPEGCode)] = []
      for part in scan.parts {
        guard let code = codes[0][part.first] else {
          throw .damaged("a JPEG scan without a table of codes")
        }
        selected.append((part.component, code))
      }
      var reader = JPEGBits(bytes, from: place)
      let rows = interval / width
      let start = 1 << (header.precision - scan.shift - 1)
      let shift = UInt16(scan.shift)
      for y in 0..<header.height {
        let isFirst = y == 0 || rows > 0 && y % rows == 0
        if isFirst, y > 0 { try reader.restart() }
        for x in 0..<width {
          for (component, code) in selected {
            let at = (y * width + x) * count + component
            let prediction = predict(
              at: at, x: x, isFirst: isFirst, selection: scan.selection, start: start,
              shift: shift)
            let size = try reader.symbol(code)
            guard size <= 16 else { throw .damaged("a difference of \(size) bits") }
            let difference = size == 16 ? 32768 : try reader.difference(size)
            samples[at] = UInt16(truncatingIfNeeded: prediction + difference) << shift
          }
        }
      }
      for part in scan.parts { done.insert(part.component) }
      return reader.place
    }

    private func predict(
      at: Int, x: Int, isFirst: Bool, selection: Int, start: Int, shift: UInt16
    ) -> Int {
      let count = header.components.count
      if isFirst { return x == 0 ? start : Int(samples[at - count] >> shift) }
      let row = header.width * count
      let above = Int(samples[at - row] >> shift)
      if x == 0 { return above }
      let left = Int(samples[at - count] >> shift)
      let corner = Int(samples[at - row - count] >> shift)
      return switch selection {
      case 1: left
      case 2: above
      case 3: corner
      case 4: left + above - corner
      case 5: left + (above - corner) >> 1
      case 6: above + (left - corner) >> 1
      default: (left + above) >> 1
      }
    }
  }
#endif
