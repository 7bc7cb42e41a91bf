import Foundation

/// Expert knowledge about category labels: a table from categories to descriptors of their signs.
///
/// It has two uses: prompts of a category are averaged over its descriptors (`ensemble(for:)`), and in
/// pretraining a label may be replaced by one of them (`augmentationPool(for:imagePath:excluding:)`).
/// The order of categories and descriptors is preserved, because floating-point means depend on it.
public struct Knowledge: Sendable, Equatable {
  /// A category with its descriptors.
  public struct Entry: Sendable, Equatable {
    /// The label as written in datasets, for example `severe diabetic retinopathy`.
    public let category: String
    /// Noun phrases that fit "A fundus photograph of …".
    public let descriptors: [String]

    /// Creates an entry.
    public init(category: String, descriptors: [String]) {
      self.category = category
      self.descriptors = descriptors
    }
  }

  /// A published table, recognized by its contents.
  public enum PublishedTable: String, Sendable, CaseIterable {
    case keepFIT = "KeepFIT"
    case flair = "FLAIR"

    /// SHA-256 of the table as compact JSON (UTF-8, stored order, separators `,` and `:`).
    var digest: String {
      switch self {
      case .keepFIT: "5f779de05605803f6f86dc29eb0673a7cabfac2e03ff507a272d67a54a4b7279"
      case .flair: "4dcb9c4c714f1af2b36ec3d687b53dd56784fd38718b9b585d562b621419d638"
      }
    }
  }

  /// The rule of a release for the prompts of a category.
  public enum EnsembleRule: Sendable {
    /// The category's name is always among its prompts.
    case keepFIT
    /// As `keepFIT`, but names that contain "myopic maculopathy" are not added to their descriptors.
    case flair
  }

  /// The categories in stored order.
  public let entries: [Entry]
  private let index: [String: Int]

  /// Creates a table from entries with distinct categories.
  public init(_ entries: [Entry]) {
    self.entries = entries
    index = Dictionary(
      zip(entries.map(\.category), entries.indices),
      uniquingKeysWith: { _, second in
        preconditionFailure("the category \(entries[second].category) is given twice")
      })
  }

  /// The built-in table, written for this package, with the labels of the datasets that the published model was
  /// pretrained and tested on.
  public static let builtin: Knowledge = {
    do {
      return try Knowledge(json: PackageResources.knowledge_json, name: "knowledge.json")
    } catch {
      preconditionFailure("the embedded table is damaged: \(error)")
    }
  }()

  /// The empty table, in which every category has only its name.
  public static let none = Knowledge([])

  /// Reads a table `{"category": ["descriptor", …], …}` from a JSON file.
  ///
  /// - Throws: `KnowledgeError` when the file cannot be read or is not such a table, with the line.
  public init(contentsOf url: URL) throws(KnowledgeError) {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadable(file: url.path, reason: error.localizedDescription)
    }
    try self.init(json: [UInt8](data), name: url.path)
  }

  /// Parses a table from JSON.
  ///
  /// - `name`: the name for error messages.
  public init(json: [UInt8], name: String) throws(KnowledgeError) {
    var parser = KnowledgeParser(json, name: name)
    self.init(try parser.parse())
  }

  /// The descriptors of a category, or nil if the table does not contain exactly this label.
  public func descriptors(for category: String) -> [String]? {
    index[category].map { entries[$0].descriptors }
  }

  /// The texts whose embeddings are averaged for a category: its descriptors in stored order, then its name
  /// unless it is among them; only the name if the table does not contain it.
  public func ensemble(for category: String, rule: EnsembleRule = .keepFIT) -> [String] {
    guard let known = descriptors(for: category) else { return [category] }
    if known.contains(category) { return known }
    if rule == .flair, category.contains("myopic maculopathy"), !known.isEmpty { return known }
    return known + [category]
  }

  /// The table as compact JSON: UTF-8, stored order, separators `,` and `:`.
  public var compactJSON: String {
    func quoted(_ text: String) -> String {
      var result = "\""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case "\u{08}": result += "\\b"
        case "\u{0C}": result += "\\f"
        case _ where scalar.value < 0x20:
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result + "\""
    }
    let members = entries.map { entry in
      quoted(entry.category) + ":[" + entry.descriptors.map(quoted).joined(separator: ",") + "]"
    }
    return "{" + members.joined(separator: ",") + "}"
  }

  /// SHA-256 of `compactJSON`, as lower-case hexadecimal digits.
  public var digest: String { SHA256.hexDigest(Array(compactJSON.utf8)) }

  /// The published table that equals this one, if any.
  public var publishedTable: PublishedTable? {
    let digest = digest
    return PublishedTable.allCases.first { $0.digest == digest }
  }
}

/// An error of a knowledge table.
public enum KnowledgeError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// The file could not be opened or read.
  case unreadable(file: String, reason: String)
  /// The text is not a JSON object of lists of strings.
  case malformed(file: String, line: Int, expected: String, found: String)
  /// A category occurs twice, or a descriptor is empty.
  case invalid(file: String, line: Int, reason: String)

  /// A one-line description with the file, the line and the problem.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot read the knowledge table: \(reason)"
    case .malformed(let file, let line, let expected, let found):
      "\(file):\(line): expected \(expected) in the knowledge table, found \(found)"
    case .invalid(let file, let line, let reason): "\(file):\(line): \(reason)"
    }
  }

  /// The same as `description`.
  public var errorDescription: String? { description }
}
