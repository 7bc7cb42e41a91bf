import Foundation

extension AcquisitionInfo {
  /// Whether any of the images is a DICOM file, by its name or, without an extension, by its first bytes.
  public static func isStated(byAnyOf images: [ImageList.Item]) -> Bool {
    images.contains { ImageFormat.isDICOM(ImageAddress($0.url).file.path) }
  }
}
