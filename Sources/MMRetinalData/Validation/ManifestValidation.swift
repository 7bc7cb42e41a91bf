import Foundation
import FundusTensor
import Synchronization

/// Validates manifests and their images, and reports all problems at once.
public struct ManifestValidation: Sendable, Codable, Hashable {
  /// The kind of a finding.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// A manifest, or a line of it, cannot be read.
    case unreadableRow = "unreadable_row"
    /// A line has no caption.
    case missingCaption = "missing_caption"
    /// A path leads out of the root, or no file can have it.
    case badPath = "bad_path"
    /// The image does not exist.
    case missingImage = "missing_image"
    /// The image cannot be decoded.
    case unreadableImage = "unreadable_image"
    /// Two rows have the same file.
    case repeatedRow = "repeated_row"
    /// Two files have the same content.
    case duplicateImage = "duplicate_image"
    /// A label looks like another spelling of a more frequent one.
    case oddLabel = "odd_label"
    /// Two rows have different labels for one image, or for images with the same content.
    case conflictingLabels = "conflicting_labels"
    /// An image is in two manifests, or in two splits of a `split` column, by file or by content.
    case sharedImage = "shared_image"
    /// Two images look the same (``ImageFingerprint``).
    case similarImage = "similar_image"
    /// A patient, by column or by file names of left and right eyes, is in two manifests or splits.
    case sharedGroup = "shared_group"

    /// Whether it would stop training. Other findings may be intended.
    public var isError: Bool {
      switch self {
      case .unreadableRow, .missingCaption, .badPath, .missingImage, .unreadableImage: true
      case .repeatedRow, .duplicateImage, .oddLabel, .conflictingLabels, .sharedImage,
        .similarImage, .sharedGroup:
        false
      }
    }
  }

  /// A finding.
  public struct Finding: Sendable, Codable, Hashable, CustomStringConvertible {
    /// The kind of the finding.
    public let kind: Kind
    /// The name of the manifest; nil for several.
    public let manifest: String?
    /// The line of the manifest.
    public let line: Int?
    /// The description.
    public let message: String

    /// `name, line 3: …`
    public var description: String {
      let place = [manifest, line.map { "line \($0)" }].compactMap(\.self).joined(separator: ", ")
      return place.isEmpty ? message : "\(place): \(message)"
    }
  }

  /// A manifest file or an image folder to validate.
  public struct Source: Sendable {
    /// The manifest.
    public var file: URL
    /// The root directory of its image paths; nil for its own directory.
    public var root: URL?
    /// The content of its rows.
    public var form: Manifest.Form
    /// The columns whose names are known.
    public var columns: ColumnSelection

    /// Creates a manifest to validate.
    public init(
      file: URL, root: URL? = nil, form: Manifest.Form = .automatic,
      columns: ColumnSelection = .init()
    ) {
      self.file = file
      self.root = root
      self.form = form
      self.columns = columns
    }
  }

  /// The patients of the valid rows.
  public struct Patients: Sendable, Codable, Hashable, CustomStringConvertible {
    /// Their number.
    public let count: Int
    /// What the images of a patient share, such as `column 'patient_id'`.
    public let criterion: String
    /// The number of manifests, or of parts of `split` columns. With a single one no patient can be in two.
    public let splits: Int

    /// `12 patients by column 'patient_id' in 2 splits`
    public var description: String {
      "\(count) \(count == 1 ? "patient" : "patients") by \(criterion)"
        + (splits > 1 ? " in \(splits) splits" : "; with a single split no patient can be in two")
    }
  }

  /// All findings: by manifest and line, then those about labels.
  public private(set) var findings: [Finding] = []
  /// The number of valid rows.
  public private(set) var rows = 0
  /// The number of distinct images.
  public private(set) var images = 0
  /// The number of rows of each label, over all manifests.
  public private(set) var labels: [String: Int] = [:]
  /// The number of findings of each kind, without zeros.
  public private(set) var counts: [String: Int] = [:]

  /// The patients by the requested grouping, or else by the one that the manifests suggest; nil without either.
  public internal(set) var patients: Patients?

  /// Whether no finding would stop training.
  public var isSound: Bool { !findings.contains { $0.kind.isError } }

  /// Validates manifests.
  /// - Parameters:
  ///   - sources: the manifests. Images are compared across all of them.
  ///   - decodesImages: whether every image is decoded; otherwise only its existence is checked.
  ///   - findsDuplicates: whether images are compared with each other, by content and, if they are decoded, by
  ///     appearance.
  ///   - grouping: what the images of a patient share; nil for what the manifests suggest.
  ///   - progress: called with the numbers of checked and total images, from any thread.
  public init(
    checking sources: [Source], decodesImages: Bool = true, findsDuplicates: Bool = true,
    grouping: ImageGrouping? = nil,
    progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
  ) {
    var files: [String: (url: URL, places: [Place])] = [:]
    var order: [String] = []
    var sided: [(row: ManifestRow, place: Place)] = []
    for source in sources {
      let name = source.file.lastPathComponent
      do {
        let (manifest, problems) = try Manifest.read(
          contentsOf: source.file, root: source.root, form: source.form, columns: source.columns)
        findings += problems.map { Self.finding($0, manifest: name) }
        rows += manifest.rows.count
        for row in manifest.rows {
          for label in Set(row.categories) { labels[label, default: 0] += 1 }
          let url = manifest.imageURL(of: row)
          let place = Place(manifest: name, file: source.file.path, row: row, root: manifest.root)
          sided.append((row, place))
          if files[url.path] == nil { order.append(url.path) }
          files[url.path, default: (url, [])].places.append(place)
        }
        if manifest.rows.isEmpty, problems.isEmpty {
          add(
            .unreadableRow, Place(manifest: name), "the manifest has no rows")
        }
      } catch let error as TextFileError {
        findings += error.problems.map { Self.finding($0, manifest: name) }
      } catch {
        add(.unreadableRow, Place(manifest: name), "\(error)")
      }
    }
    images = order.count
    for path in order {
      guard let places = files[path]?.places, places.count > 1 else { continue }
      for place in places.dropFirst() {
        add(.repeatedRow, place, "'\(place.image)' also occurs in \(places[0])")
        compare(place, places[0])
      }
    }
    check(
      order.compactMap { files[$0] }, decodesImages: decodesImages,
      findsDuplicates: findsDuplicates, progress: progress)
    checkGroups(sided, by: grouping)
    findings.sort {
      ($0.manifest ?? "", $0.line ?? 0, $0.kind.rawValue) < (
        $1.manifest ?? "", $1.line ?? 0, $1.kind.rawValue
      )
    }
    for pair in LabelSpelling.pairs(of: labels) {
      findings.append(
        Finding(
          kind: .oddLabel, manifest: nil, line: nil,
          message:
            "the label '\(pair.odd)' (\(counted(labels[pair.odd] ?? 0, "row"))) looks like a spelling of "
            + "'\(pair.usual)' (\(counted(labels[pair.usual] ?? 0, "row")))"))
    }
    for finding in findings { counts[finding.kind.rawValue, default: 0] += 1 }
  }

  /// A row, for messages and comparisons.
  struct Place: CustomStringConvertible {
    let manifest: String
    var line: Int?
    var image = ""
    /// The manifest, and the value of its `split` column.
    var side = ""
    var root = ""
    var labels: Set<String> = []

    init(manifest: String) { self.manifest = manifest }

    init(manifest: String, file: String, row: ManifestRow, root: URL) {
      self.manifest = manifest
      line = row.line
      image = row.image
      let part = SplitPart(named: row.columns["split"] ?? "")
      side = file + (part.map { ", \($0.rawValue)" } ?? "")
      self.root = root.path
      labels = Set(row.categories)
    }

    var description: String { "\(manifest), line \(line ?? 0)" }
  }

  /// Reports rows of one image with different labels, or in two splits.
  mutating func compare(_ place: Place, _ other: Place) {
    if place.labels != other.labels, !place.labels.isEmpty, !other.labels.isEmpty {
      let (mine, others) = (place.labels.sorted(), other.labels.sorted())
      add(
        .conflictingLabels, place,
        "'\(place.image)' is labeled \(PythonListLiteral.text(mine)) here and "
          + "\(PythonListLiteral.text(others)) in \(other)")
    }
    if place.side != other.side {
      add(.sharedImage, place, "'\(place.image)' is also in \(other) ('\(other.image)')")
    }
  }

  mutating func add(_ kind: Kind, _ place: Place, _ message: String) {
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
}
