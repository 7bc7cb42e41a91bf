import Foundation
import FundusTensor

extension ManifestValidation {
  private enum Verdict: Sendable {
    case missing
    case unreadable(String)
    case readable(looks: ImageFingerprint?)
  }

  /// Checks every image once, and compares the readable ones.
  mutating func check(
    _ files: [(url: URL, places: [Place])], decodesImages: Bool, findsDuplicates: Bool,
    progress: (@Sendable (Int, Int) -> Void)?
  ) {
    let urls = files.map(\.url)
    let verdicts = Guarded([Verdict](repeating: .missing, count: urls.count))
    let done = Guarded(0)
    ThreadPool.forEach(urls.count) { index in
      let verdict = Self.verdict(
        of: urls[index], decodes: decodesImages, looks: findsDuplicates)
      verdicts.withLock { $0[index] = verdict }
      let count = done.withLock { done in
        done += 1
        return done
      }
      progress?(count, urls.count)
    }
    var readable: [Int] = []
    var looks: [(index: Int, print: ImageFingerprint)] = []
    for (index, verdict) in verdicts.withLock({ $0 }).enumerated() {
      let place = files[index].places[0]
      switch verdict {
      case .missing:
        add(.missingImage, place, "the image '\(urls[index].path)' does not exist")
      case .unreadable(let reason): add(.unreadableImage, place, reason)
      case .readable(let print):
        readable.append(index)
        if let print { looks.append((index, print)) }
      }
    }
    guard findsDuplicates else { return }
    let equal = compareContents(files, readable)
    compareLooks(files, looks.filter { !equal.contains($0.index) })
  }

  /// Finds files with identical content; returns all but the first of each.
  private mutating func compareContents(
    _ files: [(url: URL, places: [Place])], _ readable: [Int]
  ) -> Set<Int> {
    let identity = FileIdentity(readable.map { files[$0].url })
    var first: [String: Int] = [:]
    var equal: Set<Int> = []
    for index in readable {
      let key = identity.key(files[index].url)
      guard let original = first[key] else {
        first[key] = index
        continue
      }
      equal.insert(index)
      let (place, other) = (files[index].places[0], files[original].places[0])
      add(
        .duplicateImage, place, "'\(place.image)' is identical to '\(other.image)' (\(other))"
      )
      compare(place, other)
    }
    return equal
  }

  /// Finds images that look like an earlier one.
  private mutating func compareLooks(
    _ files: [(url: URL, places: [Place])], _ looks: [(index: Int, print: ImageFingerprint)]
  ) {
    let index = FingerprintIndex(looks.map(\.print))
    for (second, match) in ThreadPool.map(looks.count, index.match).enumerated() {
      guard let match else { continue }
      let (place, other) = (
        files[looks[second].index].places[0], files[looks[match].index].places[0]
      )
      let sides = place.side == other.side ? "" : ", which is in another split"
      let labels = place.labels == other.labels ? "" : ", with other labels"
      add(
        .similarImage, place,
        "'\(place.image)' looks like '\(other.image)' (\(other))\(sides)\(labels)")
    }
  }

  private static func verdict(of url: URL, decodes: Bool, looks: Bool) -> Verdict {
    guard FileManager.default.fileExists(atPath: ImageAddress(url).file.path) else {
      return .missing
    }
    guard decodes else { return .readable(looks: nil) }
    do {
      let image = try FundusImage(contentsOf: url)
      return .readable(looks: looks ? ImageFingerprint(of: image) : nil)
    } catch {
      return .unreadable("\(error)")
    }
  }

  /// Counts patients and finds those in two splits: by the grouping, a patient column, or else by the file names
  /// of left and right eyes below one root.
  mutating func checkGroups(
    _ rows: [(row: ManifestRow, place: Place)], by asked: ImageGrouping?
  ) {
    if let asked, let place = rows.first?.place {
      do throws(TextFileError) {
        _ = try asked.groups(of: rows.map(\.row), file: place.manifest)
      } catch {
        return add(.unreadableRow, Place(manifest: place.manifest), error.problems[0].description)
      }
    }
    guard let grouping = asked ?? ImageGrouping.suggested(by: rows.map(\.row)) else { return }
    let groups: [String?]
    switch grouping {
    case .column(let name):
      groups = rows.map { item in
        let text = (item.row.columns[name] ?? "").trimmed
        return text.isEmpty ? nil : text
      }
    case .eyes, .pattern:
      let names = (try? grouping.groups(of: rows.map(\.row), file: "")) ?? []
      groups = zip(rows, names).map { "\($0.place.root)/\($1)" }
    }
    patients = Patients(
      count: Set(groups.compactMap(\.self)).count, criterion: "\(grouping)",
      splits: Set(rows.map(\.place.side)).count)
    var first: [String: Place] = [:]
    var told: Set<String> = []
    for (item, group) in zip(rows, groups) {
      guard let group else { continue }
      guard let other = first[group] else {
        first[group] = item.place
        continue
      }
      guard other.side != item.place.side, other.image != item.place.image,
        told.insert(group).inserted
      else { continue }
      add(
        .sharedGroup, item.place,
        "'\(item.place.image)' and '\(other.image)' (\(other)) belong to one patient by \(grouping)"
      )
    }
  }
}
