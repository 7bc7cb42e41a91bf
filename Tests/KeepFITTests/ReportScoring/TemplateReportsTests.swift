import KeepFIT
import Testing

/// Reports put together from training sentences by scores of findings.
@Suite struct TemplateReportsTests {
  private let training = [
    "ffa of the left eye . mild leakage is seen .",
    "ffa of the left eye . many drusen are seen . no leakage is seen .",
    "ffa of the right eye . many drusen are seen .",
    "ffa of the left eye . the vessels are filled .",
    "ffa of the left eye . the vessels are filled .",
    "ffa of the right eye . leakage of the optic disc and drusen .",
  ]

  @Test func aFindingIsStatedAsOftenAsInTraining() {
    let writer = TemplateReports(training, lexicon: .builtin)
    #expect(writer.findings == ["leakage", "drusen", "optic disc leakage"])
    // Two of six training studies leak, three have drusen, one a leaking disc.
    let trained: [[Float]] = [
      [9, 1, 1], [1, 9, 2], [2, 8, 3], [3, 2, 4], [4, 3, 5], [8, 7, 6],
    ]
    let scores: [[Float]] = [[4, 3, 5], [4.5, 0, 0], [0, 3.5, 0], [5, 4, 0], [9, 0, 9]]
    #expect(
      writer.reports(scores: scores, trainingScores: trained) == [
        "ffa of the left eye . the vessels are filled .",
        "ffa of the left eye . mild leakage is seen .",
        "ffa of the left eye . many drusen are seen .",
        "ffa of the left eye . mild leakage is seen . many drusen are seen .",
        // Leakage of the disc is leakage.
        "ffa of the left eye . leakage of the optic disc and drusen .",
      ])
  }

  @Test func equalScoresStateNothing() {
    let writer = TemplateReports(training, lexicon: .builtin)
    let same = [[Float]](repeating: [1, 1, 1], count: 6)
    #expect(
      writer.reports(scores: [[1, 1, 1]], trainingScores: same)
        == ["ffa of the left eye . the vessels are filled ."])
  }

  @Test func aFindingOfAllTrainingReportsIsAlwaysStated() {
    let writer = TemplateReports(
      ["mild leakage is seen .", "leakage is seen ."], lexicon: .builtin)
    #expect(
      writer.reports(scores: [[-5]], trainingScores: [[1], [2]]) == ["mild leakage is seen ."])
  }

  @Test func reportsWithoutFindingsTeachNone() {
    let writer = TemplateReports(["a .", "b .", "b ."], lexicon: .builtin)
    #expect(writer.findings.isEmpty)
    #expect(writer.reports(scores: [[]], trainingScores: [[], [], []]) == ["b ."])
  }
}
