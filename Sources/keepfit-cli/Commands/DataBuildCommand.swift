import Foundation
import KeepFIT
import Synchronization

/// `keepfit data build`
struct DataBuildCommand: Subcommand {
  static let name = "data build"
  static let summary =
    "Build an image-text dataset from books: PDF, DOCX, or images with a text file."
  static let discussion = """
    A book is a PDF, a DOCX, or a folder of images named after their figures (figure1-2-3A.jpg) with captions
    in *.txt. Writes DIR/pairs.jsonl (one row per image), images, manifests that pretrain reads, a review
    page and a data card. Doubtful rows are flagged and left out of the manifests until they are accepted:
    open DIR/review.html, save the decisions, and run again with --decisions. An interrupted run is
    resumed; intermediate results are in DIR/steps and may be corrected by hand.

    Captions in one language only can be translated by hand or by another program:
    --export-translations writes them to a CSV or JSON Lines file with an empty column 'translation',
    --translations reads that file when it is filled in. Nothing is translated otherwise.

    PDF files need the Debian package poppler-utils (and poppler-data for Chinese fonts that are not
    embedded); --ocr needs tesseract-ocr and tesseract-ocr-chi-sim.

      keepfit data build atlas.pdf --out atlas
      keepfit data build atlas.pdf --out atlas --decisions decisions.json
      keepfit data build atlas.pdf --out atlas --export-translations captions.csv
      keepfit data build atlas.pdf --out atlas --translations captions.csv
      keepfit pretrain --expert atlas/manifests/CFP.csv --expert-root atlas …
    """
  let books = Positionals("BOOK", count: 1...1000, help: "A PDF, a DOCX, or a folder.")
  let out = Option<FilePath>("out", "DIR", required: true, help: "Output directory.")
  let preset = Option<PresetName>(
    "preset", "NAME", help: "Caption style; by default detected from the book.")
  let config = Option<FilePath>(
    "config", "FILE",
    help: "A JSON file that describes the book's captions: preset, labels, position, languages.")
  let decisions = Option<FilePath>(
    "decisions", "FILE", help: "Decisions saved from the review page.")
  let translations = Option<FilePath>(
    "translations", "FILE",
    help: "Translations of captions: a file of --export-translations that was filled in.")
  let exportTranslations = Option<FilePath>(
    "export-translations", "FILE",
    help: "Write captions that lack a translation here: CSV, or JSON Lines if it ends in .jsonl.")
  let ocr = Flag("ocr", help: "Read pages without text with Tesseract (English and Chinese).")
  let json = Flag("json", help: "Print a summary as one JSON object.")
  let overwrite = OverwriteOptions()
  let common = CommonOptions()

  func validate() throws {
    if preset.isGiven && config.isGiven {
      throw CommandError.usage(
        "--preset and --config are mutually exclusive: a configuration may name its preset")
    }
    if let file = exportTranslations.given {
      if let other = translations.given,
        other.url.standardizedFileURL == file.url.standardizedFileURL
      {
        throw CommandError.usage(
          "--export-translations and --translations name the same file, which would be lost")
      }
      try file.checkWritable(force: overwrite.force.isOn)
    }
  }

  func run() throws {
    var build = BookBuild(books: books.values, out: out.value.url)
    if let name = preset.given, let configuration = BookConfiguration(preset: name.rawValue) {
      build.configuration = configuration
    }
    if let file = config.given { build.configuration = try BookConfiguration(contentsOf: file.url) }
    build.decisions = decisions.given?.url
    build.translator = try translations.given.map { try TranslationFile(contentsOf: $0.url) }
    build.usesOCR = ocr.isOn
    build.force = overwrite.force.isOn
    let display = BookProgress()
    let outcome = try build.run { display.show($0) }
    display.finish()
    for note in ProblemList.lines(outcome.notes, limit: 20) { Console.note("note: \(note)") }
    if let file = exportTranslations.given {
      try TranslationFile.write(
        outcome.untranslated, to: file.url, force: overwrite.force.isOn)
      Console.note(
        "\(Pretty.count(outcome.untranslated.count, "caption")) without a translation in \(file.text)"
      )
    }
    let flagged = outcome.rows.count { !$0.flags.isEmpty }
    if json.isOn {
      Console.print(
        try JSONText.encode(
          Summary(
            rows: outcome.rows.count, flagged: flagged, accepted: outcome.accepted,
            untranslated: outcome.untranslated.count, manifests: outcome.manifests,
            notes: outcome.notes)))
    }
    Console.note(
      "\(Pretty.count(outcome.rows.count, "pair")), "
        + "\(Pretty.count(flagged)) to review in \(out.value.text)/review.html; "
        + "\(Pretty.count(outcome.accepted)) in manifests, whose --root is \(out.value.text)")
  }

  private struct Summary: Encodable {
    let rows: Int
    let flagged: Int
    let accepted: Int
    let untranslated: Int
    let manifests: [String]
    let notes: [String]
  }
}

/// The presets by name.
enum PresetName: String, ChoiceArgument {
  case chineseEnglish = "chinese-english"
  case chinese, fig, figure
}

/// A progress bar for each step of each book.
private final class BookProgress: Sendable {
  private let state = Mutex<(title: String, bar: ProgressBar?)>(("", nil))

  func show(_ progress: BookBuild.Progress) {
    state.withLock { state in
      let title = "\(progress.step) \(progress.book)"
      if state.title != title { state.bar?.finish(nil) }
      let bar =
        state.title == title
        ? state.bar : ProgressBar(title, unit: progress.unit, total: progress.total)
      state = (title, bar)
      bar?.update(to: progress.done)
    }
  }

  func finish() { state.withLock { $0.bar?.finish(nil) } }
}
