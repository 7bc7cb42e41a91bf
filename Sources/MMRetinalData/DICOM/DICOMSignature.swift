#if DICOM
  import Foundation

  /// Recognizes DICOM files by their first bytes.
  enum DICOMSignature {
    /// Whether a file begins with a preamble, or, as some old ones do, with an element of group 2 or 8.
    static func matches(_ head: [UInt8]) -> Bool {
      if head.count >= ImageFormat.headLength,
        head[128..<ImageFormat.headLength].elementsEqual("DICM".utf8)
      {
        return true
      }
      guard head.count >= 16 else { return false }
      let isCode = (0x41...0x5A).contains(head[4]) && (0x41...0x5A).contains(head[5])
      if head[0] == 2 || head[0] == 8, head[1] == 0, head[3] == 0 {
        // Where the representation is not written, a small length is in its place.
        return isCode || head[2] <= 0x70 && head[5...7].allSatisfy { $0 == 0 }
      }
      return head[0] == 0 && head[1] == 8 && head[2] == 0 && isCode
    }

    /// What DICOM objects without images are, by the beginning of their SOP class.
    private static let others: [(uid: String, kind: String)] = [
      ("1.2.840.10008.1.3.10", "a directory of a medium (DICOMDIR)"),
      ("1.2.840.10008.5.1.4.1.1.88.", "a structured report"),
      ("1.2.840.10008.5.1.4.1.1.104.", "an encapsulated document"),
      ("1.2.840.10008.5.1.4.1.1.11.", "a presentation state"),
      ("1.2.840.10008.5.1.4.1.1.9.", "a waveform"),
      ("1.2.840.10008.5.1.4.1.1.66", "raw data or registrations"),
      ("1.2.840.10008.5.1.4.1.1.67", "a mapping of values"),
      ("1.2.840.10008.5.1.4.1.1.78.", "ophthalmic measurements"),
      ("1.2.840.10008.5.1.4.1.1.79.1", "visual field maps"),
      ("1.2.840.10008.5.1.4.1.1.80.1", "visual field maps"),
      ("1.2.840.10008.5.1.4.1.1.481.3", "structures of radiotherapy"),
      ("1.2.840.10008.5.1.4.1.1.481.5", "a plan of radiotherapy"),
    ]
    /// Segmentations are of the group of raw data, but are images.
    private static let segmentation = "1.2.840.10008.5.1.4.1.1.66.4"

    /// What an object without an image is; nil for images and unknown classes.
    static func kind(ofClass uid: String) -> String? {
      if uid == segmentation { return nil }
      return others.first { uid.hasPrefix($0.uid) }?.kind
    }

    /// Whether a file is a DICOM object that contains no image, such as a DICOMDIR or a report.
    static func isWithoutImage(_ file: FileHandle) -> Bool {
      guard (try? file.seek(toOffset: 0)) != nil, let head = try? file.read(upToCount: 4096),
        let object = try? DICOMFile(head, isPartial: true)
      else { return false }
      return kind(ofClass: object.sopClass) != nil
    }
  }
#endif
