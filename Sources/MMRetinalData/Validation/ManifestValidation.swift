import Foundation
import FundusTensor
import Synchronization

/// Checks manifests against the pictures that they name, and tells all that is wrong at once.
public struct ManifestValidation: Sendable, Codable, Hashable {
  /// What can be wrong.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// A manifest, or a line of it, cannot be read.
    case unreadableRow = "unreadable_row"
    /// A line has no caption.
    case missingCaption = "missing_caption"
    /// A path is absolute or leads out of the root.
    case badPath = "bad_path"
    /// There is no such picture.
    case missingPicture = "missing_picture"
    /// The picture cannot be decoded.
    case unreadablePicture = "unreadable_picture"
    /// Two rows name the same file.
    case repeatedRow = "repeated_row"
    /// Two files have the same contents.
    case duplicatePicture = "duplicate_picture"
    /// A label looks like another spelling of a more frequent one.
    case oddLabel = "odd_label"

    /// Whether training would stop over it. The rest may be meant so.
    public var isError: Bool {
      switch self {
      case .unreadableRow, .missingCaption, .badPath, .missingPicture, .unreadablePicture: true
      case .repeatedRow, .duplicatePicture, .oddLabel: false
      }
    }
  }

  /// One thing that is wrong.
  public struct Finding: Sendable, Codable, Hashable, CustomStringConvertible {
    /// What sort of thing is wrong.
    public let kind: Kind
    /// The name of the manifest; nil where several are meant.
    public let manifest: String?
    /// The line of the manifest.
    public let line: Int?
    /// What was found.
    public let message: String

    /// `name, line 3: …`
    public var description: String {
      let place = [manifest, line.map { "line \($0)" }].compactMap(\.self).joined(separator: ", ")
      return place.isEmpty ? message : "\(place): \(message)"
    }
  }

  /// A manifest file to check, with the directory that its paths start from.
  public struct Source: Sendable {
    /// The manifest.
    public var file: URL
    /// The directory that its paths start from.
    public var root: URL
    /// What its rows are to be read as.
    public var form: Manifest.Form

    /// A manifest to check.
    public init(file: URL, root: URL, form: Manifest.Form = .automatic) {
      self.file = file
      self.root = root
      self.form = form
    }
  }

  /// All findings: by manifest and line, then those about labels.
  public private(set) var findings: [Finding] = []
  /// How many rows could be read.
  public private(set) var rows = 0
  /// How many different pictures they name.
  public private(set) var pictures = 0
  /// How many rows each label has, over all manifests.
  public private(set) var labels: [String: Int] = [:]
  /// How often each kind was found; kinds that were not found are absent.
  public private(set) var counts: [String: Int] = [:]

  /// Whether nothing was found that would stop training.
  public var isSound: Bool { !findings.contains { $0.kind.isError } }

  /// Checks manifests.
  /// - Parameters:
  ///   - sources: the manifests. Pictures are compared across all of them.
  ///   - decodesPictures: whether every picture is decoded whole; otherwise only its presence is checked.
  ///   - progress: is told how many of how many pictures are checked, from any thread.
  public init(
    checking sources: [Source], decodesPictures: Bool = true,
    progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
  ) {
    var files: [String: (url: URL, places: [Place])] = [:]
    var order: [String] = []
    for source in sources {
      let name = source.file.lastPathComponent
      do {
        let (manifest, problems) = try Manifest.read(
          contentsOf: source.file, root: source.root, form: source.form)
        findings += problems.map { Self.finding($0, manifest: name) }
        rows += manifest.rows.count
        for row in manifest.rows {
          for label in Set(row.categories) { labels[label, default: 0] += 1 }
          let url = manifest.imageURL(of: row)
          let place = Place(manifest: name, line: row.line, image: row.image)
          if files[url.path] == nil { order.append(url.path) }
          files[url.path, default: (url, [])].places.append(place)
        }
        if manifest.rows.isEmpty, problems.isEmpty {
          add(
            .unreadableRow, Place(manifest: name, line: nil, image: ""), "the manifest has no rows")
        }
      } catch let error as TextFileError {
        findings += error.problems.map { Self.finding($0, manifest: name) }
      } catch {
        add(.unreadableRow, Place(manifest: name, line: nil, image: ""), "\(error)")
      }
    }
    pictures = order.count
    for path in order {
      guard let places = files[path]?.places, places.count > 1 else { continue }
      for place in places.dropFirst() {
        add(.repeatedRow, place, "'\(place.image)' is also named at \(places[0])")
      }
    }
    check(order.compactMap { files[$0] }, decodesPictures: decodesPictures, progress: progress)
    findings.sort {
      ($0.manifest ?? "", $0.line ?? 0, $0.kind.rawValue) < (
        $1.manifest ?? "", $1.line ?? 0, $1.kind.rawValue
      )
    }
    for pair in LabelSpelling.pairs(of: labels) {
      findings.append(
        Finding(
          kind: .oddLabel, manifest: nil, line: nil,
          message: "the label '\(pair.odd)' (\(labels[pair.odd] ?? 0) rows) looks like "
            + "'\(pair.usual)' (\(labels[pair.usual] ?? 0) rows)"))
    }
    for finding in findings { counts[finding.kind.rawValue, default: 0] += 1 }
  }

  /// A row, for messages.
  private struct Place: CustomStringConvertible {
    let manifest: String
    let line: Int?
    let image: String

    var description: String { "\(manifest), line \(line ?? 0)" }
  }

  private mutating func add(_ kind: Kind, _ place: Place, _ message: String) {
    findings.append(
      Finding(kind: kind, manifest: place.manifest, line: place.line, message: message))
  }

  private static func finding(_ problem: TextProblem, manifest: String) -> Finding {
    let kind: Kind =
      switch problem.kind {
      case .format: .unreadableRow
      case .missingCaption: .missingCaption
      case .path: .badPath
      }
    return Finding(kind: kind, manifest: manifest, line: problem.line, message: problem.message)
  }

  // MARK: - Pictures

  private enum Verdict: Sendable {
    case missing
    case unreadable(String)
    case readable(bytes: Int)
  }

  private mutating func check(
    _ files: [(url: URL, places: [Place])], decodesPictures: Bool,
    progress: (@Sendable (Int, Int) -> Void)?
  ) {
    let urls = files.map(\.url)
    let verdicts = Mutex([Verdict](repeating: .missing, count: urls.count))
    let done = Mutex(0)
    ThreadPool.forEach(urls.count) { index in
      let verdict = Self.verdict(of: urls[index], decodes: decodesPictures)
      verdicts.withLock { $0[index] = verdict }
      let count = done.withLock { done in
        done += 1
        return done
      }
      progress?(count, urls.count)
    }
    var bySize: [Int: [Int]] = [:]
    for (index, verdict) in verdicts.withLock({ $0 }).enumerated() {
      let place = files[index].places[0]
      switch verdict {
      case .missing:
        add(.missingPicture, place, "there is no picture '\(urls[index].path)'")
      case .unreadable(let reason): add(.unreadablePicture, place, reason)
      case .readable(let bytes): bySize[bytes, default: []].append(index)
      }
    }
    // Only files of one length can be equal, so most are never read for this.
    let candidates = bySize.values.filter { $0.count > 1 }.flatMap(\.self).sorted()
    let digests = Mutex([String](repeating: "", count: candidates.count))
    ThreadPool.forEach(candidates.count) { index in
      guard let data = try? Data(contentsOf: urls[candidates[index]]) else { return }
      let digest = SHA256.hexDigest([UInt8](data))
      digests.withLock { $0[index] = digest }
    }
    var first: [String: Int] = [:]
    for (index, digest) in zip(candidates, digests.withLock { $0 }) where !digest.isEmpty {
      guard let original = first[digest] else {
        first[digest] = index
        continue
      }
      let (place, other) = (files[index].places[0], files[original].places[0])
      add(
        .duplicatePicture, place, "'\(place.image)' has the contents of '\(other.image)' (\(other))"
      )
    }
  }

  private static func verdict(of url: URL, decodes: Bool) -> Verdict {
    guard
      let values = try? FileManager.default.attributesOfItem(
        atPath: url.resolvingSymlinksInPath().path),
      let bytes = values[.size] as? Int
    else { return .missing }
    guard decodes else { return .readable(bytes: bytes) }
    do {
      _ = try FundusImage(contentsOf: url)
      return .readable(bytes: bytes)
    } catch {
      return .unreadable("\(error)")
    }
  }
}
