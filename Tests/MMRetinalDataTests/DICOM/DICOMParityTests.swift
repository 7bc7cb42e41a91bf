#if DICOM
  import Foundation
  import MMRetinalData
  import Testing

  @Suite struct DICOMParityTests {
    private func compare(_ item: DICOMGoldens.Case) throws {
      let expected = DICOMGoldens.samples(item.samples)
      let found = try DICOMGoldens.samples(of: item)
      #expect(found.count == expected.count, "\(item.name)")
      let most = zip(found, expected).map { abs($0 - $1) }.max() ?? .max
      #expect(most <= item.tolerance, "\(item.name) differs by \(most)")
    }

    @Test(arguments: DICOMGoldens.shared.cases.map(\.name))
    func samplesEqualThoseOfPydicom(name: String) throws {
      let item = try #require(DICOMGoldens.shared.cases.first { $0.name == name })
      try compare(item)
    }

    @Test func grayLooksAsInPydicom() throws {
      var options = DecodingOptions()
      options.deepGray = .scaled
      let shown = DICOMGoldens.shared.cases.filter { $0.shown != nil }
      #expect(shown.count == 6)
      for item in shown {
        let image = try FundusImage(decoding: item.data, name: item.name, options: options)
        let expected = DICOMGoldens.samples(item.shown ?? "")
        #expect(image.width == item.columns && image.height == item.rows)
        for pixel in expected.indices {
          #expect(image.pixels[pixel * 3 + 1] == expected[pixel], "\(item.name), pixel \(pixel)")
        }
      }
    }

    /// The files of pydicom, which `Scripts/checks/dicom_parity.py` names.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["KEEPFIT_DICOM_CASES"] != nil))
    func samplesOfOtherFilesEqualThoseOfPydicom() throws {
      let path = ProcessInfo.processInfo.environment["KEEPFIT_DICOM_CASES"] ?? ""
      let goldens = try DICOMGoldens(contentsOf: URL(fileURLWithPath: path))
      #expect(!goldens.cases.isEmpty)
      for item in goldens.cases {
        do { try compare(item) } catch { Issue.record("\(item.name): \(error)") }
      }
    }
  }
#endif
