import Foundation

/// Image files by their names and first bytes.
extension ImageFormat {
  /// The extensions of image files, in lower case.
  static let fileExtensions: Set<String> = {
    var names: Set<String> = [
      "jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "ppm", "pgm", "pbm", "pnm", "bmp", "dib",
    ]
    #if DICOM
      names.formUnion(["dcm", "dicom"])
    #endif
    return names
  }()

  /// The format according to the head of a file, which is read from where the file stands.
  private init?(headOf file: FileHandle) {
    guard let head = try? file.read(upToCount: Self.headLength) else { return nil }
    self.init(firstBytes: head)
  }

  /// Whether a name has the extension of an image.
  static func hasExtension(_ name: String) -> Bool {
    fileExtensions.contains((name as NSString).pathExtension.lowercased())
  }

  /// Whether a file is an image by its name, or, without an extension, by its first bytes.
  ///
  /// DICOM objects without an image are none, whatever their names.
  static func isImage(_ path: String) -> Bool {
    let suffix = (path as NSString).pathExtension.lowercased()
    let mayBeOther = suffix == "dcm" || suffix == "dicom"
    if fileExtensions.contains(suffix), !mayBeOther { return true }
    guard suffix.isEmpty || mayBeOther && fileExtensions.contains(suffix),
      let file = FileHandle(forReadingAtPath: path)
    else { return false }
    defer { try? file.close() }
    let format = ImageFormat(headOf: file)
    #if DICOM
      if format == .dicom { return !DICOMSignature.isWithoutImage(file) }
    #endif
    return format != nil || mayBeOther
  }

  /// Whether a file has the name of a DICOM file, or is one without an extension.
  static func isDICOM(_ path: String) -> Bool {
    #if DICOM
      let suffix = (path as NSString).pathExtension.lowercased()
      if suffix == "dcm" || suffix == "dicom" { return true }
      guard suffix.isEmpty, let file = FileHandle(forReadingAtPath: path) else { return false }
      defer { try? file.close() }
      return ImageFormat(headOf: file) == .dicom
    #else
      return false
    #endif
  }
}
