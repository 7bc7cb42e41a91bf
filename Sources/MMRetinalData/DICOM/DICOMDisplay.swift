#if DICOM
  import Foundation

  /// What the samples of a frame look like (PS3.3, C.11): lookup tables, rescaling, the display window and inversion.
  struct DICOMDisplay {
    private let file: DICOMFile
    private let frame: DICOMFrame
    private let form: DICOMForm
    private let isInverted: Bool
    private let modality: DICOMTable?
    private let slope: Double
    private let intercept: Double
    private let window: Window?

    /// From rescaled values to gray from 0 to 1.
    private enum Window {
      case table(DICOMTable)
      case linear(center: Double, width: Double)
      case exact(center: Double, width: Double)
      case sigmoid(center: Double, width: Double)

      func gray(_ value: Double) -> Double {
        switch self {
        case .table(let table):
          return Double(table[Int(min(max(value.rounded(), -1e6), 1e6))]) / Double(table.largest)
        case .linear(let center, let width):
          let place = value - (center - 0.5)
          if place <= -(width - 1) / 2 { return 0 }
          if place > (width - 1) / 2 { return 1 }
          return place / (width - 1) + 0.5
        case .exact(let center, let width):
          return min(max((value - center) / width + 0.5, 0), 1)
        case .sigmoid(let center, let width):
          return 1 / (1 + exp(-4 * (value - center) / width))
        }
      }
    }

    init(
      _ file: DICOMFile, _ form: DICOMForm, _ frame: DICOMFrame, index: Int
    ) throws(DICOMProblem) {
      self.file = file
      self.form = form
      self.frame = frame
      isInverted = form.photometric == .monochrome1
      let groups = file.groups(of: index)
      if let set = groups.lazy.compactMap({ $0.items[.modalityTable]?.first }).first {
        modality = try DICOMTable(
          set, descriptor: .tableDescriptor, data: .tableData, isSigned: form.isSigned)
      } else {
        modality = nil
      }
      let rescale = file.describing(index, .frameRescale, .rescaleSlope)
      let slope = rescale?.decimals(.rescaleSlope).first ?? 1
      let intercept = rescale?.decimals(.rescaleIntercept).first ?? 0
      let isUsable = slope.isFinite && slope != 0 && intercept.isFinite && abs(slope) < 1e12
      self.slope = isUsable ? slope : 1
      self.intercept = isUsable ? intercept : 0
      if let set = groups.lazy.compactMap({ $0.items[.windowTable]?.first }).first {
        window = .table(
          try DICOMTable(
            set, descriptor: .tableDescriptor, data: .tableData,
            isSigned: form.isSigned || self.intercept < 0))
      } else {
        window = Self.window(file.describing(index, .frameWindow, .windowWidth))
      }
    }

    /// The first of the windows, if it is valid.
    private static func window(_ set: DICOMDataSet?) -> Window? {
      guard let set, let center = set.decimals(.windowCenter).first,
        let width = set.decimals(.windowWidth).first, center.isFinite, width.isFinite
      else { return nil }
      switch set.text(.windowFunction) {
      case "LINEAR_EXACT": return width > 0 ? .exact(center: center, width: width) : nil
      case "SIGMOID": return width > 0 ? .sigmoid(center: center, width: width) : nil
      default: return width >= 1 ? .linear(center: center, width: width) : nil
      }
    }

    /// The image before conversion to RGB.
    func image(_ options: DecodingOptions) throws(DICOMProblem) -> StoredImage {
      switch form.photometric {
      case .palette: return try colors()
      case .monochrome1, .monochrome2: return gray(options)
      default: return color(frame.words, bits: frame.bits)
      }
    }

    private func color(_ words: [UInt16], bits: Int) -> StoredImage {
      guard bits > 8 else {
        return stored(.rgb, largest: 1 << bits - 1, .bytes(words.map { UInt8($0) }))
      }
      let shift = UInt16(16 - bits)
      return stored(
        .rgb, largest: 65535, .words(shift == 0 ? words : words.map { $0 << shift }))
    }

    private func stored(
      _ kind: StoredImage.Kind, largest: Int, _ samples: StoredImage.Samples
    ) -> StoredImage {
      StoredImage(
        width: frame.columns, height: frame.rows, kind: kind, largest: largest, samples: samples)
    }

    private func colors() throws(DICOMProblem) -> StoredImage {
      func table(
        _ descriptor: DICOMTag, _ data: DICOMTag, _ segments: DICOMTag
      ) throws(DICOMProblem) -> DICOMTable {
        try DICOMTable(
          file.set, descriptor: descriptor, data: data, isSigned: form.isSigned,
          segments: segments)
      }
      let tables = [
        try table(.redDescriptor, .redTable, .redSegments),
        try table(.greenDescriptor, .greenTable, .greenSegments),
        try table(.blueDescriptor, .blueTable, .blueSegments),
      ]
      let bits = tables[0].bits > 8 ? 16 : 8
      var words = [UInt16](repeating: 0, count: frame.words.count * 3)
      let mask = 1 << bits - 1
      for (pixel, word) in frame.words.enumerated() {
        let value = frame.value(word)
        for channel in 0..<3 {
          words[pixel * 3 + channel] = UInt16(tables[channel][value] & mask)
        }
      }
      return color(words, bits: bits)
    }

    // MARK: - Gray

    /// A value after the modality's table or rescaling.
    private func rescaled(_ value: Int) -> Double {
      modality.map { Double($0[value]) } ?? slope * Double(value) + intercept
    }

    /// Images of more than 8 bits are shown in their window, or in the range of their bits, if deep gray is scaled;
    /// otherwise their rescaled values are kept, to be clipped.
    private func gray(_ options: DecodingOptions) -> StoredImage {
      let bits = frame.bits
      let top = 1 << bits - 1
      let isDeep = bits > 8
      let isScaled = !isDeep || options.deepGray == .scaled
      /// A table of all samples.
      func table(_ level: (_ value: Int) -> Int) -> [UInt16] {
        (0...top).map { word in
          let value = frame.value(UInt16(word))
          return UInt16(level(value))
        }
      }
      func inverted(_ value: Int) -> Int {
        isInverted ? (frame.isSigned ? -1 - value : top - value) : value
      }
      if isScaled, let window {
        let levels = table { value in
          let gray = min(max(window.gray(rescaled(value)), 0), 1)
          return Int(((isInverted ? 1 - gray : gray) * 255).rounded())
        }
        return bytes(levels, largest: 255)
      }
      if isScaled, let modality {
        let levels = table { value in
          let gray = min(Double(modality[value]) / Double(modality.largest), 1)
          return Int(((isInverted ? 1 - gray : gray) * 255).rounded())
        }
        return bytes(levels, largest: 255)
      }
      if isScaled {
        // Rescaling does not change what is dark and bright, unless its slope is negative.
        let isReversed = slope < 0
        let shift = frame.isSigned ? 1 << (bits - 1) : 0
        let levels = table { value in
          let level = inverted(value) + shift
          return isReversed ? top - level : level
        }
        if !isDeep { return bytes(levels, largest: top) }
        return stored(.gray, largest: top, .words(frame.words.map { levels[Int($0)] }))
      }
      let levels = table { Int(min(max(rescaled(inverted($0)).rounded(), 0), 65535)) }
      let isPlain = modality == nil && slope == 1 && intercept == 0
      return stored(
        .gray, largest: isPlain ? top : 65535, .words(frame.words.map { levels[Int($0)] }))
    }

    private func bytes(_ levels: [UInt16], largest: Int) -> StoredImage {
      stored(
        .gray, largest: largest, .bytes(frame.words.map { UInt8(levels[Int($0)]) }))
    }
  }
#endif
