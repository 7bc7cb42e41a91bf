#if DICOM
  /// Why a DICOM file cannot be read. ``imageError(_:)`` adds the name of the file.
  struct DICOMProblem: Error {
    enum Kind {
      case damaged, truncated, unsupported
    }

    let kind: Kind
    let reason: String

    static func damaged(_ reason: String) -> Self { Self(kind: .damaged, reason: reason) }
    static func truncated(_ reason: String) -> Self { Self(kind: .truncated, reason: reason) }
    static func unsupported(_ reason: String) -> Self { Self(kind: .unsupported, reason: reason) }

    func imageError(_ name: String) -> ImageError {
      switch kind {
      case .damaged: .damaged(name: name, format: .dicom, reason: reason)
      case .truncated: .truncated(name: name, format: .dicom, reason: reason)
      case .unsupported: .unsupported(name: name, format: .dicom, reason: reason)
      }
    }
  }
#endif
