#if DICOM
  import Foundation

  /// The attributes of a data set that are listed in ``DICOMTag``, up to the pixel data.
  struct DICOMDataSet {
    /// Where the pixel data is.
    struct PixelData {
      let start: Int
      /// The length of native pixel data; nil for encapsulated frames.
      let length: Int?
      /// Whether bytes are in pairs with the second one first: bytes in words of big-endian files.
      let isSwapped: Bool
    }

    private(set) var values: [DICOMTag: Range<Int>] = [:]
    private(set) var items: [DICOMTag: [DICOMDataSet]] = [:]
    private(set) var pixelData: PixelData?
    /// Whether samples are floating-point numbers.
    private(set) var hasFloatPixels = false
    private(set) var bytes: DICOMBytes
    private(set) var encoding: DICOMBytes.Encoding

    /// More items than any file has frames would only cost memory.
    private static let mostItems = 100_000
    private static let deepest = 32

    init(_ bytes: DICOMBytes, _ encoding: DICOMBytes.Encoding) {
      self.bytes = bytes
      self.encoding = encoding
    }

    /// Reads the elements of a range; what was read before an error stays.
    /// - Parameters:
    ///   - group: the only group to read; nil for all.
    ///   - endsWithDelimiter: whether a delimiter ends the item.
    /// - Returns: the position after the last element.
    mutating func read(
      _ range: Range<Int>, group: UInt32? = nil, endsWithDelimiter: Bool = false, depth: Int = 0
    ) throws(DICOMProblem) -> Int {
      guard depth <= Self.deepest else { throw .damaged("sequences are nested too deeply") }
      var place = range.lowerBound
      while place < range.upperBound {
        // Padding after the last element.
        if range.upperBound - place < 8, !endsWithDelimiter { return range.upperBound }
        let header = try bytes.header(at: place, encoding, end: range.upperBound)
        if let group, header.tag >> 16 != group { return place }
        if header.tag == DICOMTag.itemEnd { return header.start }
        if header.tag == DICOMTag.pixelData, depth == 0 {
          pixelData = PixelData(
            start: header.start, length: header.length,
            isSwapped: encoding.isBigEndian && header.representation == "OW")
          return range.upperBound
        }
        if DICOMTag.floatPixelData.contains(header.tag), depth == 0 { hasFloatPixels = true }
        place = try value(of: header, end: range.upperBound, depth: depth)
      }
      if endsWithDelimiter { throw .truncated("an item has no end") }
      return place
    }

    /// Keeps or skips a value.
    /// - Returns: the position after it.
    private mutating func value(
      of header: DICOMBytes.Header, end: Int, depth: Int
    ) throws(DICOMProblem) -> Int {
      let tag = DICOMTag(rawValue: header.tag)
      if let length = header.length {
        guard length <= end - header.start else {
          throw .truncated(
            "the element \(Self.name(header.tag)) has \(length) bytes, \(max(0, end - header.start)) "
              + "are left")
        }
        let range = header.start..<header.start + length
        if let tag, tag.isSequence {
          _ = try sequence(range, as: tag, encoding, depth: depth)
        } else if let tag {
          values[tag] = range
        }
        return range.upperBound
      }
      if ["OB", "OW"].contains(header.representation) || header.tag == DICOMTag.pixelData {
        return try DICOMFragments.end(in: bytes, from: header.start, encoding)
      }
      var inner = encoding
      if header.representation == "UN" { inner = .init(isExplicit: false, isBigEndian: false) }
      let kept = tag.flatMap { $0.isSequence ? $0 : nil }
      return try sequence(header.start..<end, as: kept, inner, depth: depth)
    }

    /// Reads the items of a sequence; those of nil are skipped.
    private mutating func sequence(
      _ range: Range<Int>, as tag: DICOMTag?, _ encoding: DICOMBytes.Encoding, depth: Int
    ) throws(DICOMProblem) -> Int {
      var place = range.lowerBound
      var found: [DICOMDataSet] = []
      defer { if let tag, !found.isEmpty { items[tag] = found } }
      while place < range.upperBound {
        let header = try bytes.header(at: place, encoding, end: range.upperBound)
        if header.tag == DICOMTag.sequenceEnd { return header.start }
        guard header.tag == DICOMTag.item else {
          throw .damaged("expected an item of a sequence, found \(Self.name(header.tag))")
        }
        var set = DICOMDataSet(bytes, encoding)
        if let length = header.length {
          guard length <= range.upperBound - header.start else {
            throw .truncated("an item of \(length) bytes is longer than its sequence")
          }
          place = header.start + length
          if tag != nil { _ = try set.read(header.start..<place, depth: depth + 1) }
        } else {
          place = try set.read(
            header.start..<range.upperBound, endsWithDelimiter: true, depth: depth + 1)
        }
        guard tag != nil else { continue }
        guard found.count < Self.mostItems else { throw .damaged("a sequence has too many items") }
        found.append(set)
      }
      return place
    }

    private static func name(_ tag: UInt32) -> String {
      String(format: "(%04x,%04x)", tag >> 16, tag & 0xFFFF)
    }

    // MARK: - Values

    /// A text without padding; nil if it is missing or empty.
    func text(_ tag: DICOMTag) -> String? {
      guard let range = values[tag], range.count <= 1024 else { return nil }
      let text = String(decoding: bytes.bytes(range), as: UTF8.self)
        .trimmingCharacters(in: .whitespaces.union(.init(charactersIn: "\0")))
      return text.isEmpty ? nil : text
    }

    /// The decimal numbers of a text.
    func decimals(_ tag: DICOMTag) -> [Double] {
      (text(tag) ?? "").split(separator: "\\").map {
        Double($0.trimmingCharacters(in: .whitespaces)) ?? .nan
      }
    }

    /// An unsigned number of 16 or 32 bits.
    func integer(_ tag: DICOMTag) -> Int? { integers(tag)?.first }

    /// Numbers of 16 bits, or one of 32.
    func integers(_ tag: DICOMTag) -> [Int]? {
      guard let range = values[tag], range.count >= 2 else { return nil }
      let size = range.count == 4 ? 4 : 2
      return stride(from: range.lowerBound, to: range.upperBound - size + 1, by: size).map {
        bytes.number($0, size, isBigEndian: encoding.isBigEndian)
      }
    }
  }
#endif
