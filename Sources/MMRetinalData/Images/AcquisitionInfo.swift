import Foundation

/// What a DICOM file states about the acquisition of an image. Nothing in it identifies a patient.
///
/// Other formats, and builds without the trait `DICOM`, state none.
public struct AcquisitionInfo: Hashable, Sendable {
  /// The distance between the centers of neighboring pixels.
  public struct Spacing: Hashable, Sendable {
    /// Between rows, in millimeters.
    public let row: Double
    /// Between columns, in millimeters.
    public let column: Double
  }

  /// The eye; nil if unknown, or for an image of both.
  public let laterality: Laterality?
  /// The modality: `OP` for ophthalmic photography, `OPT` for optical coherence tomography.
  public let modality: String?
  /// The pixel spacing.
  public let pixelSpacing: Spacing?
  /// The number of frames of the file.
  public let frameCount: Int

  init(laterality: Laterality?, modality: String?, pixelSpacing: Spacing?, frameCount: Int) {
    self.laterality = laterality
    self.modality = modality
    self.pixelSpacing = pixelSpacing
    self.frameCount = frameCount
  }

  /// Reads what a file states; nil if it is not a DICOM file, or cannot be read.
  /// - Parameter url: the file, or one of its frames (see ``ImageAddress``).
  public init?(contentsOf url: URL) {
    #if DICOM
      let address = ImageAddress(url)
      guard let file = FileHandle(forReadingAtPath: address.file.path) else { return nil }
      defer { try? file.close() }
      guard let start = try? file.read(upToCount: ImageFormat.headLength),
        ImageFormat(firstBytes: start) == .dicom
      else { return nil }
      // Attributes come before the pixels.
      let length = 1 << 20
      let head = start + ((try? file.read(upToCount: length - start.count)) ?? Data())
      var object = try? DICOMFile(head, isPartial: true)
      if object == nil, head.count == length, let data = try? ImageFile.read(address.file) {
        // Deflated data sets are read as a whole.
        object = try? DICOMFile(data, isPartial: true)
      }
      guard let object else { return nil }
      self = object.acquisition(frame: max(0, (address.frame ?? 1) - 1))
    #else
      return nil
    #endif
  }
}
