#if DICOM
  import Foundation

  /// The bytes of a file, with the headers of its data elements (PS3.5, section 7).
  struct DICOMBytes {
    /// How a data set is written.
    struct Encoding {
      var isExplicit = true
      var isBigEndian = false
    }

    /// The header of a data element.
    struct Header {
      let tag: UInt32
      /// Two letters; empty where it is not written.
      let representation: String
      /// The first byte of the value.
      let start: Int
      /// The length of the value; nil if undefined.
      let length: Int?
    }

    private let data: Data
    private let base: Int
    /// The number of bytes.
    let count: Int

    init(_ data: Data) {
      self.data = data
      base = data.startIndex
      count = data.count
    }

    /// A byte. The caller has checked the position.
    subscript(_ at: Int) -> UInt8 { data[base + at] }

    /// Some of the bytes.
    func bytes(_ range: Range<Int>) -> [UInt8] {
      [UInt8](data[base + range.lowerBound..<base + range.upperBound])
    }

    /// An unsigned number of `size` bytes. The caller has checked the position.
    func number(_ at: Int, _ size: Int, isBigEndian: Bool = false) -> Int {
      var value = 0
      for index in 0..<size {
        let byte = Int(self[at + (isBigEndian ? size - 1 - index : index)])
        value |= byte << (8 * index)
      }
      return value
    }

    func isText(_ text: String, at place: Int) -> Bool {
      let bytes = Array(text.utf8)
      return place + bytes.count <= count
        && bytes.indices.allSatisfy { self[place + $0] == bytes[$0] }
    }

    /// Whether two capital letters are at a position, as a value representation is written.
    func hasRepresentation(at place: Int) -> Bool {
      place + 2 <= count
        && (0..<2).allSatisfy { (0x41...0x5A).contains(self[place + $0]) }
    }

    private static let long: Set<String> = [
      "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV",
    ]

    /// The header of the element at a position.
    func header(at place: Int, _ encoding: Encoding, end: Int) throws(DICOMProblem) -> Header {
      func require(_ size: Int) throws(DICOMProblem) {
        guard place + size <= end else { throw .truncated("an element ends after byte \(end)") }
      }
      try require(8)
      let isBig = encoding.isBigEndian
      let group = number(place, 2, isBigEndian: isBig)
      let tag = UInt32(group << 16 | number(place + 2, 2, isBigEndian: isBig))
      func length(_ at: Int) -> Int? {
        let value = number(at, 4, isBigEndian: isBig)
        return value == 0xFFFF_FFFF ? nil : value
      }
      // Some writers leave the representation of single elements out.
      guard encoding.isExplicit, group != 0xFFFE, hasRepresentation(at: place + 4) else {
        return Header(tag: tag, representation: "", start: place + 8, length: length(place + 4))
      }
      let representation = String(decoding: bytes(place + 4..<place + 6), as: UTF8.self)
      guard Self.long.contains(representation) else {
        return Header(
          tag: tag, representation: representation, start: place + 8,
          length: number(place + 6, 2, isBigEndian: isBig))
      }
      try require(12)
      return Header(
        tag: tag, representation: representation, start: place + 12, length: length(place + 8))
    }
  }
#endif
