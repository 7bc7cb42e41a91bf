#if DICOM
  import Foundation

  extension DICOMFile {
    /// Reads the attributes of a file.
    package init(decoding data: Data, name: String) throws(ImageError) {
      do throws(DICOMProblem) { try self.init(data) } catch { throw error.imageError(name) }
    }
  }

  /// DICOM files as images.
  enum DICOMCodec {
    static func decode(
      _ data: Data, name: String, options: DecodingOptions
    ) throws(ImageError) -> StoredImage {
      do {
        let file = try DICOMFile(data)
        let form = file.set.pixelData == nil ? nil : try DICOMForm(file.set)
        let index = try index(of: options.frame, in: file, name: name)
        let frame = try file.frame(index, options: options, name: name)
        guard let form else { throw DICOMProblem.unsupported("it contains no image") }
        return try DICOMDisplay(file, form, frame, index: index).image(options)
      } catch let problem as DICOMProblem {
        throw problem.imageError(name)
      } catch let error as ImageError {
        throw error
      } catch {
        throw .unreadable(name: name, reason: error.localizedDescription)
      }
    }

    /// The index of a frame, which must be chosen where there are several.
    private static func index(
      of frame: Int?, in file: DICOMFile, name: String
    ) throws -> Int {
      let count = file.frameCount
      guard let frame else {
        guard count == 1 || file.set.pixelData == nil else {
          throw ImageError.unsuitable(
            name: name,
            reason:
              "the DICOM file has \(count) frames; name one as \(baseName(name))#1 to #\(count), "
              + "or choose with --frame N or --frame all")
        }
        return 0
      }
      guard (1...count).contains(frame) else {
        throw ImageError.unsuitable(
          name: name,
          reason: "there is no frame \(frame): the DICOM file has \(counted(count, "frame"))")
      }
      return frame - 1
    }

    private static func baseName(_ name: String) -> String { (name as NSString).lastPathComponent }
  }
#endif
