#if DICOM
  import Foundation

  /// A DICOM file: its attributes, and its frames.
  package struct DICOMFile {
    /// The form of the pixel data.
    enum Syntax {
      case native
      case runLength
      case jpeg
      case jpegLS
      case jpeg2000
    }

    /// The attributes of all data sets.
    let set: DICOMDataSet
    /// The transfer syntax.
    let syntax: Syntax
    private let bytes: DICOMBytes
    /// The kind of object.
    let sopClass: String

    /// Reads the attributes.
    /// - Parameter isPartial: whether `data` may end before the pixel data.
    init(_ data: Data, isPartial: Bool = false) throws(DICOMProblem) {
      var bytes = DICOMBytes(data)
      var meta = DICOMDataSet(bytes, .init())
      var start = bytes.isText("DICM", at: 128) ? ImageFormat.headLength : 0
      start = try meta.read(start..<bytes.count, group: 2)
      let uid = meta.text(.transferSyntax)
      var encoding = Self.guess(bytes, at: start)
      var isDeflated = false
      switch uid {
      case nil: break
      case "1.2.840.10008.1.2": encoding = .init(isExplicit: false, isBigEndian: false)
      case "1.2.840.10008.1.2.2": encoding = .init(isExplicit: true, isBigEndian: true)
      case "1.2.840.10008.1.2.1.99":
        isDeflated = true
        encoding = .init()
      default: encoding = .init()
      }
      if isDeflated {
        bytes = DICOMBytes(Data(try Self.inflated(bytes.bytes(start..<bytes.count))))
        start = 0
      }
      var set = DICOMDataSet(bytes, encoding)
      do throws(DICOMProblem) { _ = try set.read(start..<bytes.count) } catch {
        // The attributes before the place where a beginning was cut off are of use.
        if !isPartial { throw error }
      }
      self.set = set
      self.bytes = bytes
      sopClass = set.text(.storageClass) ?? meta.text(.mediaStorageClass) ?? ""
      syntax = isPartial ? .native : try Self.syntax(uid)
    }

    /// What an uncompressed data set looks like, for files that do not state it.
    private static func guess(_ bytes: DICOMBytes, at start: Int) -> DICOMBytes.Encoding {
      let isBig = start + 2 <= bytes.count && bytes[start] == 0 && bytes[start + 1] != 0
      return .init(
        isExplicit: bytes.hasRepresentation(at: start + 4), isBigEndian: isBig)
    }

    /// The largest data set that compression may hold: the largest image of 16-bit color fits.
    private static let mostInflated = 1 << 30

    private static func inflated(_ bytes: [UInt8]) throws(DICOMProblem) -> [UInt8] {
      do throws(Inflate.Failure) {
        return try Inflate.bytes(bytes[...], limit: min(mostInflated, 1 + bytes.count * 1032))
      } catch {
        throw .damaged("the deflated data set ends too early, or is damaged")
      }
    }

    private static func syntax(_ uid: String?) throws(DICOMProblem) -> Syntax {
      guard let uid else { return .native }
      guard uid.utf8.count <= 64, uid.allSatisfy({ $0 == "." || $0.isASCII && $0.isNumber }) else {
        throw .damaged("its transfer syntax is not an identifier")
      }
      let prefix = "1.2.840.10008.1.2"
      switch uid {
      case prefix, prefix + ".1", prefix + ".1.99", prefix + ".2": return .native
      case prefix + ".5": return .runLength
      case prefix + ".4.80", prefix + ".4.81": return .jpegLS
      case prefix + ".4.90", prefix + ".4.91", prefix + ".4.201", prefix + ".4.202",
        prefix + ".4.203":
        return .jpeg2000
      default: break
      }
      let isInList = uid.hasPrefix(prefix + ".4.")
      switch isInList ? Int(uid.dropFirst(prefix.count + 3)) ?? 0 : 0 {
      case 50...70: return .jpeg
      case 92...93:
        throw .unsupported("JPEG 2000 part 2 (\(uid)); \(remedy)")
      case 100...111: throw .unsupported("video (\(uid)); export its frames as PNG")
      default: throw .unsupported("the transfer syntax \(uid); \(remedy)")
      }
    }

    private static let remedy = "convert it, for example with gdcmconv --raw"

    // MARK: - Meaning

    /// The number of frames.
    package var frameCount: Int {
      max(1, min(set.text(.numberOfFrames).flatMap { Int($0) } ?? 1, Int(Int32.max)))
    }

    /// Data sets that describe a frame, the most specific one first: its functional groups, those of all frames, and
    /// the file.
    func groups(of frame: Int) -> [DICOMDataSet] {
      let own = set.items[.frameGroups].flatMap { frame < $0.count ? $0[frame] : nil }
      return [own, set.items[.sharedGroups]?.first, set].compactMap { $0 }
    }

    /// The first data set that describes a frame and has an attribute, in a sequence or directly.
    func describing(
      _ frame: Int, _ sequence: DICOMTag, _ tag: DICOMTag
    ) -> DICOMDataSet? {
      for group in groups(of: frame) {
        for set in (group.items[sequence] ?? []) + [group] where set.values[tag] != nil {
          return set
        }
      }
      return nil
    }

    /// What the file states about the acquisition of a frame.
    func acquisition(frame: Int) -> AcquisitionInfo {
      var eye: Laterality?
      for tag in [DICOMTag.frameLaterality, .imageLaterality, .laterality] {
        guard let text = describing(frame, .frameAnatomy, tag)?.text(tag) else { continue }
        eye = text == "R" ? .right : text == "L" ? .left : nil
        break
      }
      let spacing =
        describing(frame, .pixelMeasures, .pixelSpacing)?.decimals(.pixelSpacing) ?? []
      let isUsable = spacing.count == 2 && spacing.allSatisfy { $0 > 0 && $0 < 1e6 }
      let modality = set.text(.modality).flatMap { Self.isCode($0) ? $0 : nil }
      return AcquisitionInfo(
        laterality: eye, modality: modality,
        pixelSpacing: isUsable ? .init(row: spacing[0], column: spacing[1]) : nil,
        frameCount: frameCount)
    }

    /// Whether a text is a code string of at most 16 characters (CS), so that no other text gets out.
    static func isCode(_ text: String) -> Bool {
      text.utf8.count <= 16
        && text.utf8.allSatisfy {
          (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x20 || $0 == 0x5F
        }
    }

    /// The stored samples of a frame, from 0.
    package func frame(
      _ index: Int, options: DecodingOptions, name: String
    ) throws -> DICOMFrame {
      guard let pixels = set.pixelData else {
        if set.hasFloatPixels { throw DICOMProblem.unsupported("floating-point pixels") }
        throw ImageError.unsuitable(
          name: name,
          reason: "the DICOM file contains no image"
            + (DICOMSignature.kind(ofClass: sopClass).map { ", but \($0)" } ?? ""))
      }
      let form = try DICOMForm(set)
      let count = frameCount
      guard index < count else {
        throw DICOMProblem.unsupported("it has no frame \(index + 1), only \(count)")
      }
      guard form.columns * form.rows <= options.pixelLimit else {
        throw ImageError.tooLarge(
          name: name, width: form.columns, height: form.rows, limit: options.pixelLimit)
      }
      let decoder = DICOMFrameDecoder(form: form, options: options)
      guard let length = pixels.length else {
        let stream = try DICOMFragments(bytes, from: pixels.start, set).frame(index, of: count)
        return try decoder.decode(stream, syntax)
      }
      guard syntax == .native else {
        throw DICOMProblem.damaged("compressed pixel data is not encapsulated")
      }
      let size = form.nativeBytes
      let end = pixels.start + min(length, bytes.count - pixels.start)
      // Frames of bits follow each other without padding.
      let bit = form.bitsAllocated == 1 ? index * form.sampleCount % 8 : 0
      let first =
        pixels.start
        + (form.bitsAllocated == 1 ? index * form.sampleCount / 8 : index * size)
      let needed = form.bitsAllocated == 1 ? (bit + form.sampleCount + 7) / 8 : size
      if first + needed > end, !options.toleratesTruncation {
        throw DICOMProblem.truncated(
          "\(max(0, end - pixels.start)) bytes of pixel data are too few for frame \(index + 1) of "
            + "\(form.columns) x \(form.rows) pixels")
      }
      let last = min(first + needed, end)
      var samples = first < last ? bytes.bytes(first..<last) : []
      if pixels.isSwapped, form.bitsAllocated == 8 {
        for index in samples.indices {
          let place = pixels.start + (first + index - pixels.start) ^ 1
          samples[index] = place < end ? bytes[place] : 0
        }
      }
      return try decoder.native(
        samples, firstBit: bit,
        isBigEndian: set.encoding.isBigEndian)
    }
  }
#endif
