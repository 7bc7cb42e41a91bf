import Foundation
import KeepFIT

/// `keepfit reports score`
struct ReportsScoreCommand: Subcommand {
  static let name = "reports score"
  static let summary = "Score generated reports against reference reports."
  static let discussion = """
    Both files are JSON Lines of {"id", "text"}, or JSON of COCO captions ({"image_id", "caption"}). The
    texts are scored verbatim; an empty hypothesis is valid. BLEU_1 to BLEU_4, METEOR (exact and
    stem), ROUGE_L and CIDEr-D come with 95 % bootstrap intervals, the scores against the references of
    other studies, how varied the reports are, and precision and recall by finding.

      keepfit reports score --references test.jsonl --hypotheses generated.jsonl

    METEOR depends on a list of function words. The built-in list is this package's own; for the scores of
    the METEOR program, pass the file function/english.words of its jar. See Docs/report-scores.md.
    """

  let references = Option<FilePath>(
    "references", "FILE", required: true, help: "Reference reports.")
  let hypotheses = Option<FilePath>(
    "hypotheses", "FILE", required: true, help: "Generated reports of the same ids.")
  let functionWords = Option<FilePath>(
    "meteor-function-words", "FILE",
    help: "METEOR's function words, one lower-case word per line; by default the built-in list.")
  let lexicon = Option<FilePath>(
    "lexicon", "FILE",
    help: "JSON lexicon of findings; by default the built-in one for English angiography reports.")
  let resamples = Option<Int>(
    "resamples", "N", default: 1000, in: 0...100_000,
    help: "Bootstrap resamples for confidence intervals; 0 for none.")
  let shuffles = Option<Int>(
    "shuffles", "N", default: 5, in: 0...1000,
    help: "Shuffles of the references for the control; 0 for no control.")
  let seed = Option<UInt64>(
    "seed", "N", default: 0, help: "Random seed of the resamples and shuffles.")
  let perSample = Option<FilePath>(
    "per-sample", "OUT.jsonl", help: "Write the scores and findings of each sample, one line each.")
  let json = Flag("json", help: "Print one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    if let file = perSample.given {
      try file.checkWritable(force: overwrite.force.isOn)
    } else {
      try refuseIdle(overwrite, reason: "without --per-sample")
    }
    if seed.isGiven, resamples.value == 0, shuffles.value == 0 {
      try refuseIdle(seed, reason: "with --resamples 0 and --shuffles 0")
    }
  }

  func run() throws {
    var options = ReportEvaluation.Options()
    if let file = functionWords.given {
      options.functionWords = try FunctionWords(contentsOf: file.url)
    }
    if let file = lexicon.given { options.lexicon = try FindingLexicon(contentsOf: file.url) }
    options.resamples = resamples.value
    options.shuffles = shuffles.value
    options.seed = seed.value
    let pairs = try ReportPair.pairs(
      references: references.value.url, hypotheses: hypotheses.value.url)
    let evaluation = ReportEvaluation(pairs, options: options)
    if let file = perSample.given {
      try AtomicFile.write(evaluation.sampleLines, to: file.url, force: overwrite.force.isOn)
      Console.note("Wrote \(Pretty.count(pairs.count, "sample")) to \(file.text)")
    }
    if json.isOn {
      Console.print(evaluation.json.serialized())
    } else {
      Console.write(ReportScoreText(evaluation).text)
    }
  }
}
