import Foundation

/// The description of a dataset for the people who will use it, in Markdown.
public struct DataCard: Sendable {
  /// The rows after all decisions.
  public var rows: [PairRow]
  /// The images whose rows are in the manifests.
  public var accepted: Set<String>
  /// Notes of the run: books, settings, steps.
  public var notes: [String]

  /// A card.
  public init(rows: [PairRow], accepted: Set<String>, notes: [String] = []) {
    self.rows = rows
    self.accepted = accepted
    self.notes = notes
  }

  /// The card.
  public func markdown() -> String {
    let books = Set(rows.map(\.book)).sorted()
    let used = rows.filter { accepted.contains($0.image) && $0.modality != .other }
    let doubtful = rows.filter { !$0.flags.isEmpty && !accepted.contains($0.image) }
    var text = "# Data card\n\n"
    text +=
      "\(counted(rows.count, "image")) from \(counted(books.count, "book")): "
      + "\(used.count) in the manifests, \(doubtful.count) waiting for review or rejected, "
      + "\(rows.count { $0.modality == .other }) without a retina (`other`).\n\n"
    text += "## Contents\n\n"
    text += Self.table(
      ["Book"] + BookModality.allCases.map(\.rawValue) + ["All", "In manifests", "Flagged"],
      (books.count > 1 ? books + [""] : books).map { book in
        let own = book.isEmpty ? rows : rows.filter { $0.book == book }
        return [book.isEmpty ? "All" : book]
          + BookModality.allCases.map { modality in "\(own.count { $0.modality == modality })" }
          + [
            "\(own.count)", "\(own.count { accepted.contains($0.image) && $0.modality != .other })",
            "\(own.count { !$0.flags.isEmpty })",
          ]
      })
    text += textSection(used)
    text += flagSection()
    text += """
      ## How it was made

      `keepfit data build` collected images and text from the books, matched captions to images by figure number, \
      page and position, cut composite images into their panels, and determined the modality of each image with a \
      classifier trained on synthetic images. Doubtful pairs are flagged and left out of the manifests until a \
      reviewer accepts them in `review.html`.


      """
    if !notes.isEmpty {
      text += notes.map { "- \(Self.escaped($0))\n" }.joined() + "\n"
    }
    text += """
      ## Before it is used

      - Rights: the books' publishers hold the rights to images and texts. This card does not grant any.
      - Privacy: texts and file names that look like names, dates or record numbers are flagged `privacy`. Images with \
      letters burned into them are not searched.
      - Bias: an atlas shows textbook cases; neither diseases nor patients are distributed as in a clinic.
      - FFA stands for all gray fundus images: fluorescein and ICG angiograms, autofluorescence, red-free.
      - No image or text of this set is medical advice.

      """
    return text
  }

  private func textSection(_ used: [PairRow]) -> String {
    let sets = [
      ("English", used.map(\.caption), CaptionLanguage.english),
      ("Chinese", used.map(\.captionZh), .chinese),
    ]
    let lines = sets.compactMap { name, captions, language -> [String]? in
      let texts = captions.filter { !$0.isEmpty }
      guard !texts.isEmpty else { return nil }
      let statistics = TextStatistics(name: name, texts: texts, language: language)
      return [
        name, "\(texts.count)", "\(statistics.vocabulary)",
        String(format: "%.1f", statistics.meanLength), "\(statistics.lengths.max() ?? 0)",
        "\(texts.count - Set(texts).count)",
      ]
    }
    guard !lines.isEmpty else { return "" }
    return "## Texts in the manifests\n\n"
      + Self.table(
        ["Language", "Captions", "Vocabulary", "Mean length", "Longest", "Repeated"], lines)
      + "Length is counted in words, of Chinese in characters.\n\n"
  }

  private func flagSection() -> String {
    let lines = PairFlag.allCases.compactMap { flag -> [String]? in
      let own = rows.filter { $0.flags.contains(flag) }
      guard !own.isEmpty else { return nil }
      return [
        "`\(flag.rawValue)`", flag.explanation, "\(own.count)",
        "\(own.count { accepted.contains($0.image) })",
      ]
    }
    guard !lines.isEmpty else { return "" }
    return "## Flags\n\n" + Self.table(["Flag", "Reason", "Images", "Of these accepted"], lines)
  }

  private static func table(_ header: [String], _ rows: [[String]]) -> String {
    let lines = [header, header.map { _ in "---" }] + rows.map { $0.map(escaped) }
    return lines.map { "| \($0.joined(separator: " | ")) |\n" }.joined() + "\n"
  }

  /// Names of books must not end cells, start tags or close code.
  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("|", with: "\\|").replacing("<", with: "&lt;")
      .replacing("\n", with: " ").replacing("\r", with: " ")
  }
}
