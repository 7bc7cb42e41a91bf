import Foundation
import FundusTensor

/// Writes the rows of a build and what is made of them.
struct BookOutput {
  let out: URL
  let rows: [PairRow]
  let decisions: ReviewDecisions?
  let translator: (any CaptionTranslating)?
  let notes: [String]

  func write() throws -> BookBuild.Outcome {
    var rows = self.rows
    var accepted: Set<String> = []
    var rejected: Set<String> = []
    var notes = self.notes
    // The review page shows the book's texts with their translations, whatever was decided.
    var shown = rows
    if let translator {
      let requests = TranslationRequest.missing(in: rows)
      shown = try translator.translations(of: requests).apply(requests, to: rows)
    }
    if let decisions {
      let outcome = decisions.apply(to: rows, shown: shown)
      (rows, accepted, rejected) = (outcome.rows, outcome.accepted, outcome.rejected)
      notes += outcome.unapplied
    }
    if let translator {
      let requests = TranslationRequest.missing(in: rows)
      let answers = try translator.translations(of: requests)
      rows = answers.apply(requests, to: rows)
      notes += answers.notes
    }
    let withheld = rejected.union(
      rows.lazy.filter { $0.flags.contains(.privacy) && !accepted.contains($0.image) }.map(\.image))
    let usable = rows.filter {
      $0.modality != .other && !rejected.contains($0.image)
        && ($0.flags.isEmpty || accepted.contains($0.image))
        && !($0.caption.isEmpty && $0.captionZh.isEmpty)
    }
    let folder = out.appending(path: "manifests")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var files: [String] = []
    for modality in ImagingModality.allCases {
      let members = usable.filter { $0.modality.rawValue == modality.rawValue }
      for name in ["\(modality.rawValue).csv", "\(modality.rawValue).jsonl"] where members.isEmpty {
        try? FileManager.default.removeItem(at: folder.appending(path: name))
      }
      if members.isEmpty { continue }
      let manifest = Manifest(
        name: modality.rawValue, root: out, rows: try members.map { try $0.manifestRow(modality) })
      try AtomicFile.write(
        manifest.csv(), to: folder.appending(path: "\(modality.rawValue).csv"), force: true)
      try AtomicFile.write(
        try members.map {
          try JSONText.encode($0.provenance(accepted: accepted.contains($0.image))) + "\n"
        }
        .joined(), to: folder.appending(path: "\(modality.rawValue).jsonl"), force: true)
      files += ["manifests/\(modality.rawValue).csv", "manifests/\(modality.rawValue).jsonl"]
    }
    try AtomicFile.write(
      ReviewPage(
        rows: shown, title: Set(rows.map(\.book)).sorted().joined(separator: ", "),
        decisions: decisions ?? ReviewDecisions()
      ).html(),
      to: out.appending(path: "review.html"), force: true)
    try AtomicFile.write(
      DataCard(rows: rows, accepted: Set(usable.map(\.image)), notes: notes).markdown(),
      to: out.appending(path: "datacard.md"), force: true)
    try AtomicFile.write(
      try rows.map { try JSONText.encode($0) + "\n" }.joined(),
      to: out.appending(path: "pairs.jsonl"), force: true)
    return BookBuild.Outcome(
      rows: rows, accepted: usable.count, manifests: files, notes: notes,
      untranslated: TranslationRequest.missing(in: rows, excluding: withheld))
  }
}

extension PairRow {
  fileprivate func manifestRow(_ modality: ImagingModality) throws -> ManifestRow {
    var captions: [CaptionLanguage: String] = [:]
    if !caption.isEmpty { captions[.english] = caption }
    if !captionZh.isEmpty { captions[.chinese] = captionZh }
    return try ManifestRow(image: image, modality: modality, content: .captions(captions))
  }

  fileprivate struct Provenance: Encodable {
    let row: PairRow
    let accepted: Bool

    enum CodingKeys: String, CodingKey {
      case image, modality, caption, book, page, figure, panel, review
      case captionZh = "caption_zh"
      case translated
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(row.image, forKey: .image)
      try values.encode(row.modality, forKey: .modality)
      if !row.caption.isEmpty { try values.encode(row.caption, forKey: .caption) }
      if !row.captionZh.isEmpty { try values.encode(row.captionZh, forKey: .captionZh) }
      try values.encode(row.book, forKey: .book)
      try values.encode(row.page, forKey: .page)
      try values.encode(row.figure, forKey: .figure)
      try values.encode(row.panel, forKey: .panel)
      try values.encodeIfPresent(row.translated, forKey: .translated)
      try values.encode(accepted ? "accepted" : "not needed", forKey: .review)
    }
  }

  fileprivate func provenance(accepted: Bool) -> Provenance {
    Provenance(row: self, accepted: accepted)
  }
}
