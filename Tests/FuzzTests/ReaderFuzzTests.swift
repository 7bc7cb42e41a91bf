import Foundation
import FuzzHarness
import Testing

/// A few hundred damaged files for each reader, so that a mistake shows at once; the long run with
/// the address sanitizer is `keepfit-fuzz`.
@Suite(.serialized) struct ReaderFuzzTests {
  static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func damagedFilesAreRefusedWithAMessage() throws {
    for target in try FuzzTarget.all(tests: Self.tests) {
      let tally = target.run(seed: 20_240_607, cases: 0..<400)
      #expect(tally.problems.isEmpty, "\(tally.problems.joined(separator: "; "))")
      #expect(tally.refused > 20, "\(target.name): the damage went unnoticed")
    }
  }

  @Test func theSameSeedDamagesInTheSameWay() throws {
    let target = try #require(try FuzzTarget.all(tests: Self.tests).first)
    #expect(target.bytes(seed: 5, case: 9) == target.bytes(seed: 5, case: 9))
    #expect(target.bytes(seed: 5, case: 9) != target.bytes(seed: 5, case: 10))
  }
}
