import KeepFIT

/// `--frame`, for builds that read DICOM files.
struct FrameOption: OptionGroup {
  #if DICOM
    let frame = Option<FrameChoice>(
      "frame", "N|all",
      help:
        "Frame of DICOM files with several, from 1, or all as images of their own; FILE#N names one of a file."
    )
  #endif

  /// Puts the chosen frames in place of files with several.
  func apply(to list: inout ImageList) {
    #if DICOM
      if let choice = frame.given, list.choose(choice) == 0 {
        Console.note("note: --frame has no effect: no image is a DICOM file with several frames")
      }
    #endif
  }
}

#if DICOM
  extension FrameChoice: ArgumentValue {
    package init?(argument: String) {
      if argument == "all" {
        self = .all
      } else if let number = Int(argument), number >= 1 {
        self = .frame(number)
      } else {
        return nil
      }
    }

    package static var expectation: String { "a frame from 1 on, or 'all'" }

    package var argumentText: String {
      switch self {
      case .frame(let number): "\(number)"
      case .all: "all"
      }
    }
  }
#endif
