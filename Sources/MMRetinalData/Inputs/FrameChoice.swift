import Foundation

/// The frames of DICOM files with several.
public enum FrameChoice: Hashable, Sendable {
  /// A frame, counted from 1.
  case frame(Int)
  /// All frames.
  case all

  /// The numbers of the chosen frames of an image; nil unless it is a DICOM file with several, of which it names none.
  func numbers(of image: URL) -> ClosedRange<Int>? {
    guard ImageAddress(image).frame == nil,
      let count = AcquisitionInfo(contentsOf: image)?.frameCount, count > 1
    else { return nil }
    return if case .frame(let number) = self { number...number } else { 1...count }
  }

  /// The rows of a manifest, with a row for each chosen frame.
  func rows(of manifest: Manifest) throws -> [ManifestRow] {
    try manifest.rows.flatMap { row -> [ManifestRow] in
      guard let numbers = numbers(of: manifest.imageURL(of: row)) else { return [row] }
      return try numbers.map { try row.with(image: ImageAddress.text(row.image, frame: $0)) }
    }
  }
}

extension ImageList {
  /// Puts the chosen frames in place of DICOM files with several, unless they name a frame themselves.
  /// - Parameter choice: the frames.
  /// - Returns: the number of such files.
  public mutating func choose(_ choice: FrameChoice) -> Int {
    var files = 0
    items = items.flatMap { item -> [Item] in
      guard let numbers = choice.numbers(of: item.url) else { return [item] }
      files += 1
      return numbers.map { frame in
        Item(
          name: ImageAddress.text(item.name, frame: frame),
          url: URL(fileURLWithPath: ImageAddress.text(item.url.path, frame: frame)),
          laterality: item.laterality)
      }
    }
    return files
  }
}
