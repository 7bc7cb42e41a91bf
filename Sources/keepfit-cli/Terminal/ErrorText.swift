import Foundation
import FundusSynthesis
import FundusTensor
import KeepFIT
import MMRetinalData

/// Formats errors of the library and the system as one line with an exit code.
enum ErrorText {
  /// The text of an error on one line.
  static func line(for error: any Error) -> String {
    if let described = (error as? any LocalizedError)?.errorDescription { return described }
    if let error = error as? CocoaError { return cocoa(error) }
    return "\(error)"
  }

  /// 2 for wrong input, which most of the library's errors report; 1 for failures at run time.
  static func code(for error: any Error) -> CommandError.Code {
    switch error {
    case let error as CheckpointError: return error.kind == .unwritable ? .failure : .wrongInput
    case ImageError.unwritable: return .failure
    case SyntheticDatasetError.failed: return .failure
    case let error as BookError: return error.kind == .failure ? .failure : .wrongInput
    case let error as CocoaError:
      switch error.code {
      case .fileNoSuchFile, .fileReadNoSuchFile, .fileReadCorruptFile, .fileReadUnknown,
        .fileReadInvalidFileName, .fileReadNoPermission:
        return .wrongInput
      default: return .failure
      }
    case PretrainingError.notFinite, PretrainingError.otherRank: return .failure
    case is DirectoryLock.Held, is POSIXError: return .failure
    default: return .wrongInput
    }
  }

  private static func cocoa(_ error: CocoaError) -> String {
    let path = (error.filePath ?? error.url?.path).map { "\($0): " } ?? ""
    switch error.code {
    case .fileNoSuchFile, .fileReadNoSuchFile: return path + "there is no such file"
    case .fileReadNoPermission, .fileWriteNoPermission: return path + "permission denied"
    case .fileWriteOutOfSpace: return path + "the disk is full"
    default: return path + error.localizedDescription
    }
  }
}
