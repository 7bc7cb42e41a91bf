#if DICOM
  /// The form of the samples of all frames (PS3.3, C.7.6.3).
  struct DICOMForm {
    enum Photometric: String {
      case monochrome1 = "MONOCHROME1"
      case monochrome2 = "MONOCHROME2"
      case palette = "PALETTE COLOR"
      case rgb = "RGB"
      case ybrFull = "YBR_FULL"
      case ybrFull422 = "YBR_FULL_422"
      case ybrICT = "YBR_ICT"
      case ybrRCT = "YBR_RCT"

      var samples: Int {
        switch self {
        case .monochrome1, .monochrome2, .palette: 1
        default: 3
        }
      }
    }

    let rows: Int
    let columns: Int
    let photometric: Photometric
    let isPlanar: Bool
    let bitsAllocated: Int
    let bitsStored: Int
    let highBit: Int
    let isSigned: Bool

    /// The samples of a pixel.
    var samples: Int { photometric.samples }
    /// The samples of a frame.
    var sampleCount: Int { rows * columns * samples }
    /// The bytes of a frame that is not compressed.
    var nativeBytes: Int {
      let pixels = rows * columns
      if bitsAllocated == 1 { return (sampleCount + 7) / 8 }
      if photometric == .ybrFull422 { return (pixels + pixels % 2) * 2 * bitsAllocated / 8 }
      return sampleCount * bitsAllocated / 8
    }

    init(_ set: DICOMDataSet) throws(DICOMProblem) {
      func number(_ tag: DICOMTag, _ name: String) throws(DICOMProblem) -> Int {
        guard let value = set.integer(tag) else { throw .damaged("it does not state \(name)") }
        return value
      }
      rows = try number(.rows, "the number of rows")
      columns = try number(.columns, "the number of columns")
      guard (1...65535).contains(rows), (1...65535).contains(columns) else {
        throw .damaged("it has \(columns) x \(rows) pixels")
      }
      bitsAllocated = try number(.bitsAllocated, "the number of bits per sample")
      guard [1, 8, 16].contains(bitsAllocated) else {
        throw .unsupported("\(bitsAllocated) bits per sample")
      }
      bitsStored = set.integer(.bitsStored) ?? bitsAllocated
      highBit = set.integer(.highBit) ?? bitsStored - 1
      guard (1...bitsAllocated).contains(bitsStored), highBit >= bitsStored - 1,
        highBit < bitsAllocated
      else {
        throw .damaged(
          "\(bitsStored) bits up to bit \(highBit) do not fit into \(bitsAllocated) bits")
      }
      isSigned = set.integer(.pixelRepresentation) == 1
      isPlanar = set.integer(.planarConfiguration) == 1
      guard let text = set.text(.photometric) else {
        throw .damaged("it does not state the photometric interpretation")
      }
      guard let photometric = Photometric(rawValue: text) else {
        throw .unsupported(
          DICOMFile.isCode(text)
            ? "the photometric interpretation '\(text)'" : "its photometric interpretation")
      }
      let samples = try number(.samplesPerPixel, "the number of samples per pixel")
      guard samples == photometric.samples else {
        throw .damaged("\(samples) samples per pixel with \(photometric.rawValue)")
      }
      self.photometric = photometric
    }
  }

  /// The stored samples of a frame.
  package struct DICOMFrame {
    /// The height in pixels.
    package let rows: Int
    /// The width in pixels.
    package let columns: Int
    /// The samples per pixel: 1 or 3.
    package let samples: Int
    /// The bits of a sample, 1 to 16.
    package let bits: Int
    /// Whether samples are in two's complement.
    package let isSigned: Bool
    /// `[rows, columns, samples]`; unused bits are 0.
    package var words: [UInt16]

    /// The value of a sample.
    package func value(_ word: UInt16) -> Int {
      let value = Int(word)
      return isSigned && value >> (bits - 1) == 1 ? value - 1 << bits : value
    }
  }
#endif
