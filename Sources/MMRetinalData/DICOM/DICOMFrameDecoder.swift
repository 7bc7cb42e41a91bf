#if DICOM
  import CDICOMCodecs
  import Foundation

  /// Decodes a frame of any transfer syntax into samples; color becomes RGB.
  struct DICOMFrameDecoder {
    let form: DICOMForm
    let options: DecodingOptions

    // MARK: - Not compressed

    /// - Parameter firstBit: where a frame of bits begins in its first byte.
    func native(
      _ bytes: [UInt8], firstBit: Int, isBigEndian: Bool
    ) throws(DICOMProblem) -> DICOMFrame {
      let words: [UInt16]
      switch form.bitsAllocated {
      case 1:
        words = (0..<form.sampleCount).map { index in
          let bit = firstBit + index
          return bit / 8 < bytes.count ? UInt16(bytes[bit / 8] >> UInt8(bit % 8) & 1) : 0
        }
      case 8: words = padded(bytes.map { UInt16($0) })
      default:
        let (low, high) = isBigEndian ? (1, 0) : (0, 1)
        words = padded(
          (0..<bytes.count / 2).map {
            UInt16(bytes[2 * $0 + low]) | UInt16(bytes[2 * $0 + high]) << 8
          })
      }
      if form.photometric == .ybrFull422 { return frame(rgb(masked(unpacked(words)))) }
      let samples = masked(form.isPlanar ? interleaved(words) : words)
      return frame(form.photometric == .ybrFull ? rgb(samples) : samples)
    }

    private func padded(_ words: [UInt16]) -> [UInt16] {
      let needed = form.nativeBytes * 8 / form.bitsAllocated
      return words.count < needed
        ? words + [UInt16](repeating: 0, count: needed - words.count) : words
    }

    /// The pixels of planes.
    private func interleaved(_ words: [UInt16]) -> [UInt16] {
      guard form.samples == 3 else { return words }
      let pixels = form.rows * form.columns
      var result = [UInt16](repeating: 0, count: pixels * 3)
      for pixel in 0..<pixels {
        for channel in 0..<3 { result[pixel * 3 + channel] = words[channel * pixels + pixel] }
      }
      return result
    }

    /// Two pixels share their chroma: Y1 Y2 Cb Cr.
    private func unpacked(_ words: [UInt16]) -> [UInt16] {
      let pixels = form.rows * form.columns
      var result = [UInt16](repeating: 0, count: pixels * 3)
      for pixel in 0..<pixels {
        let start = pixel / 2 * 4
        result[pixel * 3] = words[start + pixel % 2]
        result[pixel * 3 + 1] = words[start + 2]
        result[pixel * 3 + 2] = words[start + 3]
      }
      return result
    }

    // MARK: - Compressed

    func decode(_ stream: [UInt8], _ syntax: DICOMFile.Syntax) throws -> DICOMFrame {
      switch syntax {
      case .native: throw DICOMProblem.damaged("pixel data without compression has fragments")
      case .runLength:
        let words = try DICOMRunLengths.decode(stream, form)
        let samples = masked(words)
        return frame(isYBR ? rgb(samples) : samples)
      case .jpegLS:
        let (words, info) = try library(stream, dc_jpegls_decode)
        let isYBR = JPEGColor(stream).isYBR(default: isYBR)
        let samples = masked(words, precision: Int(info.precision))
        return frame(isYBR ? rgb(samples) : samples, precision: Int(info.precision))
      case .jpeg2000:
        let (words, info) = try library(stream, dc_jpeg2000_decode)
        let samples = masked(words, precision: Int(info.precision))
        let convert = isYBR && info.has_color_transform == 0
        return frame(convert ? rgb(samples) : samples, precision: Int(info.precision))
      case .jpeg: return try jpeg(stream)
      }
    }

    private var isYBR: Bool {
      form.photometric == .ybrFull || form.photometric == .ybrFull422
    }

    private func library(
      _ stream: [UInt8],
      _ decode: (
        UnsafePointer<UInt8>, Int, UnsafeMutablePointer<dc_frame>, UnsafeMutablePointer<UInt16>,
        Int, UnsafeMutablePointer<dc_message>
      ) -> Int32
    ) throws(DICOMProblem) -> ([UInt16], dc_frame) {
      guard !stream.isEmpty else { throw .truncated("a frame is empty") }
      var info = dc_frame()
      info.width = UInt32(form.columns)
      info.height = UInt32(form.rows)
      info.components = UInt32(form.samples)
      var message = dc_message()
      var words = [UInt16](repeating: 0, count: form.sampleCount)
      let status = Int(decode(stream, stream.count, &info, &words, words.count, &message))
      guard status != Int(DC_OK) else { return (words, info) }
      let text = withUnsafeBytes(of: &message.text) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      let reason = text.split(whereSeparator: \.isNewline).joined(separator: " ")
      if status == Int(DC_UNSUPPORTED) { throw .unsupported(reason) }
      throw .damaged(status == Int(DC_MISMATCH) ? reason + ", \(expected)" : reason)
    }

    private var expected: String {
      "expected \(form.columns) x \(form.rows) of \(form.samples)"
    }

    private func jpeg(_ stream: [UInt8]) throws -> DICOMFrame {
      let header = try JPEGHeader(stream)
      guard header.width == form.columns, header.height == form.rows,
        header.components.count == form.samples
      else {
        throw DICOMProblem.damaged(
          "the JPEG code stream has \(header.width) x \(header.height) pixels of "
            + "\(header.components.count) components, \(expected)")
      }
      let words: [UInt16]
      switch header.process {
      case .lossless:
        var decoder = LosslessJPEG(stream, header)
        words = try decoder.decode()
      case .sequential where header.precision == 12:
        var decoder = SequentialJPEG(stream, header)
        words = try decoder.decode()
      case .sequential, .progressive:
        guard header.precision == 8 else {
          throw DICOMProblem.unsupported("progressive JPEG with \(header.precision) bits")
        }
        words = try eightBits(stream)
      }
      let isYBR = JPEGColor(stream).isYBR(default: form.photometric != .rgb)
      let samples = masked(words, precision: header.precision)
      return frame(
        form.samples == 3 && isYBR ? rgb(samples) : samples, precision: header.precision)
    }

    /// The components of a JPEG of 8 bits, in their own color space.
    private func eightBits(_ stream: [UInt8]) throws -> [UInt16] {
      let data = Data(form.samples == 3 ? JPEGColor.withoutTransform(stream) : stream)
      var options = options
      options.jpegReduction = 1
      let stored: StoredImage
      do throws(ImageError) {
        stored = try JPEGCodec.decodeStored(data, name: "", options: options)
      } catch {
        switch error {
        case .truncated(_, _, let reason): throw DICOMProblem.truncated("JPEG: \(reason)")
        case .unsupported(_, _, let reason): throw DICOMProblem.unsupported("JPEG: \(reason)")
        case .damaged(_, _, let reason): throw DICOMProblem.damaged("JPEG: \(reason)")
        default: throw DICOMProblem.damaged("its JPEG code stream cannot be read")
        }
      }
      guard case .bytes(let bytes) = stored.samples, bytes.count == form.sampleCount else {
        throw DICOMProblem.damaged("the JPEG code stream has another form, \(expected)")
      }
      return bytes.map { UInt16($0) }
    }

    // MARK: - Samples

    private func bits(_ precision: Int?) -> Int {
      min(precision ?? form.bitsStored, form.bitsStored)
    }

    private func frame(_ words: [UInt16], precision: Int? = nil) -> DICOMFrame {
      DICOMFrame(
        rows: form.rows, columns: form.columns, samples: form.samples, bits: bits(precision),
        isSigned: form.isSigned, words: words)
    }

    /// The bits that belong to the image; others may hold overlays.
    private func masked(_ words: [UInt16], precision: Int? = nil) -> [UInt16] {
      let shift = precision == nil ? UInt16(form.highBit + 1 - form.bitsStored) : 0
      let mask = UInt16(truncatingIfNeeded: 1 << bits(precision) - 1)
      if shift == 0, mask == .max { return words }
      return words.map { $0 >> shift & mask }
    }

    /// YBR_FULL as RGB (PS3.3, C.7.6.3.1.2), rounded to nearest.
    private func rgb(_ words: [UInt16]) -> [UInt16] {
      let largest = Float(1 << form.bitsStored - 1)
      let middle = Float(1 << (form.bitsStored - 1))
      var result = words
      for start in stride(from: 0, to: words.count, by: 3) {
        let y = Float(words[start])
        let (cb, cr) = (Float(words[start + 1]) - middle, Float(words[start + 2]) - middle)
        let values = (
          y + 1.402 * cr, y - (0.114 * 1.772 / 0.587) * cb - (0.299 * 1.402 / 0.587) * cr,
          y + 1.772 * cb
        )
        func level(_ value: Float) -> UInt16 {
          UInt16(min(max((value + 0.5).rounded(.down), 0), largest))
        }
        result[start] = level(values.0)
        result[start + 1] = level(values.1)
        result[start + 2] = level(values.2)
      }
      return result
    }
  }
#endif
