#if DICOM
  import Foundation
  import FuzzHarness
  import Testing

  @Suite(.serialized) struct DICOMFuzzTests {
    @Test func damagedDICOMFilesAreRefusedWithAMessage() throws {
      let target = try #require(
        try FuzzTarget.all(tests: ReaderFuzzTests.tests).first { $0.name == "dicom" })
      let tally = target.run(seed: 20_261_130, cases: 0..<1000)
      #expect(tally.problems.isEmpty, "\(tally.problems.joined(separator: "; "))")
      #expect(tally.refused > 200, "the damage went unnoticed")
    }
  }
#endif
