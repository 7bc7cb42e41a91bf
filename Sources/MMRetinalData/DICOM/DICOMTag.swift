#if DICOM
  /// The attributes that are kept of a file (PS3.6): those that determine the pixels, and what
  /// ``AcquisitionInfo`` states. All others, and with them what identifies the patient, are skipped unread.
  enum DICOMTag: UInt32 {
    case mediaStorageClass = 0x0002_0002
    case transferSyntax = 0x0002_0010
    case storageClass = 0x0008_0016
    case modality = 0x0008_0060
    case laterality = 0x0020_0060
    case imageLaterality = 0x0020_0062
    case frameLaterality = 0x0020_9072
    case samplesPerPixel = 0x0028_0002
    case photometric = 0x0028_0004
    case planarConfiguration = 0x0028_0006
    case numberOfFrames = 0x0028_0008
    case rows = 0x0028_0010
    case columns = 0x0028_0011
    case pixelSpacing = 0x0028_0030
    case bitsAllocated = 0x0028_0100
    case bitsStored = 0x0028_0101
    case highBit = 0x0028_0102
    case pixelRepresentation = 0x0028_0103
    case windowCenter = 0x0028_1050
    case windowWidth = 0x0028_1051
    case rescaleIntercept = 0x0028_1052
    case rescaleSlope = 0x0028_1053
    case windowFunction = 0x0028_1056
    case redDescriptor = 0x0028_1101
    case greenDescriptor = 0x0028_1102
    case blueDescriptor = 0x0028_1103
    case redTable = 0x0028_1201
    case greenTable = 0x0028_1202
    case blueTable = 0x0028_1203
    case redSegments = 0x0028_1221
    case greenSegments = 0x0028_1222
    case blueSegments = 0x0028_1223
    case tableDescriptor = 0x0028_3002
    case tableData = 0x0028_3006
    case extendedOffsets = 0x7FE0_0001
    case extendedLengths = 0x7FE0_0002

    // Sequences.
    case frameAnatomy = 0x0020_9071
    case pixelMeasures = 0x0028_9110
    case frameWindow = 0x0028_9132
    case frameRescale = 0x0028_9145
    case modalityTable = 0x0028_3000
    case windowTable = 0x0028_3010
    case sharedGroups = 0x5200_9229
    case frameGroups = 0x5200_9230

    var isSequence: Bool {
      switch self {
      case .frameAnatomy, .pixelMeasures, .frameWindow, .frameRescale, .modalityTable,
        .windowTable, .sharedGroups, .frameGroups:
        true
      default: false
      }
    }

    static let pixelData: UInt32 = 0x7FE0_0010
    static let floatPixelData: ClosedRange<UInt32> = 0x7FE0_0008...0x7FE0_0009
    static let item: UInt32 = 0xFFFE_E000
    static let itemEnd: UInt32 = 0xFFFE_E00D
    static let sequenceEnd: UInt32 = 0xFFFE_E0DD
  }
#endif
