import Foundation

/// A reviewer's decisions about the pairs of a dataset, as saved by `review.html`.
///
/// A JSON file:
/// ```json
/// {"kind": "keepfit review decisions", "version": 1, "decisions": [
///   {"image": "images/figure5-3-1A.jpg", "book": "atlas", "page": 12, "figure": "5-3-1", "panel": "A",
///    "verdict": "accept", "set": {"caption": "…", "modality": "FFA"},
///    "seen": {"caption": "…", "caption_zh": "…", "modality": "CFP"}, "note": "…"}]}
/// ```
/// - `image`, or `book`, `page`, `figure` and `panel` together, name the row as it came out of the book.
/// - `verdict`: `accept` puts the row into the manifests whatever its flags, `reject` keeps it out; without one
///   only the changes in `set` are made.
/// - `set`: new values of `figure`, `panel`, `modality`, `caption` and `caption_zh`.
/// - `seen`: what the row said when the person decided. Where it now says something else, the decision is
///   outdated and is not applied.
public struct ReviewDecisions: Sendable, Hashable, Codable {
  /// The verdict on a row.
  public enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
    /// The row is correct, after the changes in `set` if any.
    case accept
    /// The row is not to be used.
    case reject
  }

  /// Values of a row; nil where nothing is said.
  public struct Values: Sendable, Hashable, Codable {
    /// The number of the figure.
    public var figure: String?
    /// The letter of the panel.
    public var panel: String?
    /// The modality.
    public var modality: BookModality?
    /// The English caption.
    public var caption: String?
    /// The Chinese caption.
    public var captionZh: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case figure, panel, modality, caption
      case captionZh = "caption_zh"
    }

    /// Values.
    public init(
      figure: String? = nil, panel: String? = nil, modality: BookModality? = nil,
      caption: String? = nil, captionZh: String? = nil
    ) {
      self.figure = figure
      self.panel = panel
      self.modality = modality
      self.caption = caption
      self.captionZh = captionZh
    }
  }

  /// A decision about one row.
  public struct Decision: Sendable, Hashable, Codable {
    /// The path of the image below the dataset's directory.
    public var image: String?
    /// The name of the book.
    public var book: String?
    /// The page of the file.
    public var page: Int?
    /// The number of the figure before the decision.
    public var figure: String?
    /// The letter of the panel before the decision.
    public var panel: String?
    /// The verdict; nil if the row is only changed.
    public var verdict: Verdict?
    /// The new values.
    public var set: Values?
    /// The values that the person saw.
    public var seen: Values?
    /// A remark for other people.
    public var note: String?

    /// A decision.
    public init(image: String, verdict: Verdict? = nil, set: Values? = nil) {
      self.image = image
      self.verdict = verdict
      self.set = set
    }

    /// A description of the row.
    var name: String {
      image ?? "\(book ?? "?"), page \(page ?? 0), figure \(figure ?? "")\(panel ?? "")"
    }

    /// Whether the decision names its row at all.
    var namesRow: Bool { image != nil || book != nil && figure != nil }
  }

  /// The largest file that is read, in bytes.
  public static let sizeLimit = 256 << 20

  static let kind = "keepfit review decisions"
  /// `keepfit review decisions`.
  public var kind = ReviewDecisions.kind
  /// 1.
  public var version = 1
  /// The decisions, at most one per row.
  public var decisions: [Decision]

  /// Decisions.
  public init(_ decisions: [Decision] = []) { self.decisions = decisions }

  /// Reads a decisions file.
  /// - Throws: ``TextFileError`` when the file cannot be read, is no decisions file, or holds a decision that
  ///   names no row or asks for something impossible.
  public init(contentsOf url: URL) throws {
    let bytes = try readTextFile(url)
    func failure(_ reason: String) -> TextFileError { TextFileError(file: url.path, reason) }
    guard bytes.count <= Self.sizeLimit else {
      throw failure("a decisions file of \(bytes.count) bytes is too large")
    }
    do {
      self = try JSONDecoder().decode(ReviewDecisions.self, from: Data(bytes))
    } catch let DecodingError.keyNotFound(key, context) {
      throw failure("\(Self.place(context.codingPath))there is no '\(key.stringValue)'")
    } catch let DecodingError.typeMismatch(_, context) {
      throw failure("\(Self.place(context.codingPath))\(context.debugDescription)")
    } catch let DecodingError.dataCorrupted(context) {
      throw failure("\(Self.place(context.codingPath))\(context.debugDescription)")
    } catch {
      throw failure("not a JSON file of decisions as saved by review.html")
    }
    guard kind == Self.kind, version == 1 else {
      throw failure("expected kind '\(Self.kind)' and version 1, found '\(kind)', \(version)")
    }
    for (index, decision) in decisions.enumerated() {
      if let problem = Self.problem(of: decision) {
        throw failure("decision \(index + 1) (\(decision.name)): \(problem)")
      }
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.isEmpty
      ? ""
      : path.map { $0.intValue.map { "\($0 + 1)" } ?? $0.stringValue }.joined(separator: " ") + ": "
  }

  private static func problem(of decision: Decision) -> String? {
    guard decision.namesRow else { return "it has neither 'image' nor 'book' and 'figure'" }
    if let figure = decision.set?.figure, !figure.isEmpty {
      let levels = figure.split(separator: "-", omittingEmptySubsequences: false)
      guard figure.utf8.count <= 32,
        levels.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
      else { return "the figure '\(figure.prefix(40))' must be numbers joined by hyphens" }
    }
    if let panel = decision.set?.panel {
      guard panel.utf8.count <= 2, panel.utf8.allSatisfy({ (65...90).contains($0 & 0xDF) }) else {
        return "the panel '\(panel.prefix(40))' must be one or two letters"
      }
    }
    return nil
  }
}
