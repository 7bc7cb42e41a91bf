#if DICOM
  import Foundation
  import MMRetinalData
  import Testing

  @Suite struct DICOMInputTests {
    private func message(_ data: Data, _ options: DecodingOptions = .init()) -> String {
      do {
        _ = try FundusImage(decoding: data, name: "a.dcm", options: options)
        return ""
      } catch {
        return error.description
      }
    }

    @Test func deepGrayIsClippedOrScaled() throws {
      let item = try #require(DICOMGoldens.shared.cases.first { $0.name == "gray-12" })
      let values = DICOMGoldens.samples(item.samples)
      let clipped = try FundusImage(decoding: item.data, name: "a.dcm")
      #expect(values.indices.allSatisfy { Int(clipped.pixels[$0 * 3]) == min(values[$0], 255) })
      var options = DecodingOptions()
      options.deepGray = .scaled
      let scaled = try FundusImage(decoding: item.data, name: "a.dcm", options: options)
      for (index, value) in values.enumerated() {
        #expect(abs(Double(scaled.pixels[index * 3]) - Double(value) / 4095 * 255) <= 0.5)
      }
    }

    @Test func monochrome1IsInverted() throws {
      let item = try #require(DICOMGoldens.shared.cases.first { $0.name == "gray-8 inverted" })
      let values = DICOMGoldens.samples(item.samples)
      let image = try FundusImage(decoding: item.data, name: "a.dcm")
      #expect(values.indices.allSatisfy { Int(image.pixels[$0 * 3]) == 255 - values[$0] })
    }

    @Test func framesAreChosenByAddress() throws {
      let scratch = try TemporaryDirectory()
      let folder = scratch.url
      let file = folder.appending(path: "volume.dcm")
      try DICOMGoldens.file("frames").write(to: file)
      let item = try #require(DICOMGoldens.shared.cases.first { $0.name == "frames" })
      let values = DICOMGoldens.samples(item.samples)
      let pixels = item.rows * item.columns
      for frame in 1...3 {
        let image = try FundusImage(
          contentsOf: URL(fileURLWithPath: file.path + "#\(frame)"))
        #expect(image.pixels[0] == values[(frame - 1) * pixels])
        #expect(image.pixels[3 * pixels - 1] == values[frame * pixels - 1])
      }
      #expect(throws: ImageError.self) {
        try FundusImage(contentsOf: URL(fileURLWithPath: file.path + "#4"))
      }
      #expect(message(try Data(contentsOf: file)).contains("3 frames"))
      var list = ImageList()
      try list.add(folder.path)
      #expect(list.items.count == 1)
      var chosen = list
      let count = chosen.choose(.all)
      #expect(count == 1)
      #expect(chosen.items.map(\.url.lastPathComponent) == (1...3).map { "volume.dcm#\($0)" })
      _ = list.choose(.frame(2))
      #expect(list.items.map(\.url.lastPathComponent) == ["volume.dcm#2"])
      // A file whose own name ends so is meant itself.
      let other = URL(fileURLWithPath: file.path + "#2")
      try DICOMGoldens.file("gray-8 explicit").write(to: other)
      #expect(ImageAddress(other).frame == nil)
    }

    @Test func foldersGiveImagesButNoOtherObjects() throws {
      let scratch = try TemporaryDirectory()
      let folder = scratch.url
      func write(_ data: Data, _ name: String) throws {
        try data.write(to: folder.appending(path: name))
      }
      let image = try DICOMGoldens.file("gray-8 explicit")
      try write(image, "a.dcm")
      try write(image, "IM000001")
      try write(Data("no image".utf8), "notes")
      // The same object as a structured report, and as the directory of a medium.
      for (name, uid) in [
        ("report.dcm", "1.2.840.10008.5.1.4.1.1.88.11"), ("DICOMDIR", "1.2.840.10008.1.3.10"),
      ] {
        var data = image
        for old in ["1.2.840.10008.5.1.4.1.1.77.1.5.1"] {
          let padded = uid + String(repeating: "\0", count: old.count - uid.count)
          while let range = data.range(of: Data(old.utf8)) {
            data.replaceSubrange(range, with: Data(padded.utf8))
          }
        }
        try write(data, name)
      }
      let listing = try FolderListing(folder)
      #expect(listing.images == ["IM000001", "a.dcm"])
      #expect(listing.note?.contains("dcm without an image") == true, "\(listing.note ?? "")")
    }

    @Test func acquisitionIsKeptAndThePatientIsNot() throws {
      let scratch = try TemporaryDirectory()
      let folder = scratch.url
      for name in ["gray-8 explicit", "gray-8 deflated", "rgb", "jpeg-2000 rgb"] {
        let file = folder.appending(path: "a.dcm")
        try DICOMGoldens.file(name).write(to: file)
        let info = try #require(AcquisitionInfo(contentsOf: file))
        #expect(info.laterality == .right && info.modality == "OP" && info.frameCount == 1)
        #expect(info.pixelSpacing?.row == 0.0125 && info.pixelSpacing?.column == 0.025)
      }
      #expect(DICOMGoldens.shared.patient == "Doe^Jane")
    }

    @Test func cutFilesAreRefusedWithOneLine() throws {
      for item in DICOMGoldens.shared.cases where item.frames == 1 {
        let whole = try item.data
        for length in [150, 400, whole.count / 2, whole.count * 3 / 4] {
          let text = message(Data(whole.prefix(length)))
          #expect(text.hasPrefix("a.dcm: "), "\(item.name) cut to \(length) bytes was accepted")
          #expect(!text.contains("\n") && !text.contains("Doe"), "\(text)")
        }
      }
    }

    @Test func hugeImagesAreRefused() throws {
      var data = try DICOMGoldens.file("gray-8 explicit")
      let rows = try #require(
        data.range(of: Data([0x28, 0, 0x10, 0, 0x55, 0x53, 2, 0])))
      data[rows.upperBound] = 0xFF
      data[rows.upperBound + 1] = 0xFF
      #expect(message(data).contains("truncated DICOM image"))
      let columns = try #require(
        data.range(of: Data([0x28, 0, 0x11, 0, 0x55, 0x53, 2, 0])))
      data[columns.upperBound] = 0xFF
      data[columns.upperBound + 1] = 0xFF
      #expect(message(data).contains("65535 x 65535 pixels exceed the limit"))
    }
  }
#endif
