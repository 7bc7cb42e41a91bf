import Foundation

/// The frames of DICOM files with several.
public enum FrameChoice: Hashable, Sendable {
  /// A frame, counted from 1.
  case frame(Int)
  /// All frames.
  case all
}

extension ImageList {
  /// Puts the chosen frames in place of DICOM files with several, unless they name a frame themselves.
  /// - Returns: the number of such files.
  public mutating func choose(_ choice: FrameChoice) -> Int {
    var files = 0
    items = items.flatMap { item -> [Item] in
      guard ImageAddress(item.url).frame == nil,
        let count = AcquisitionInfo(contentsOf: item.url)?.frameCount, count > 1
      else { return [item] }
      files += 1
      let frames = if case .frame(let number) = choice { number...number } else { 1...count }
      return frames.map { frame in
        Item(
          name: ImageAddress.text(item.name, frame: frame),
          url: URL(fileURLWithPath: ImageAddress.text(item.url.path, frame: frame)))
      }
    }
    return files
  }
}
