import Foundation
import FundusTensor

/// The folder of a build: what belongs to an earlier run, what this one may use, and what to remove when
/// it fails.
struct BookWorkspace {
  let out: URL
  /// The directory that programs write to; removed at the end.
  let scratch: URL
  private let steps: URL
  /// Folders of steps, and of images below the output folder, a pair a book.
  private let folders: [(steps: URL, images: String)]
  /// The first directory that this run made; nil if everything was there.
  private let made: URL?
  /// Keeps other processes from writing to the steps.
  private let lock: DirectoryLock

  /// Opens or creates the folder of a build.
  /// - Throws: ``BookError`` when the folder holds another dataset and may not be replaced;
  ///   `DirectoryLock.Held` when another process is writing to it.
  init(out: URL, key: String, force: Bool, sources: [BookSource]) throws {
    self.out = out
    steps = out.appending(path: "steps")
    scratch = steps.appending(path: ".scratch-\(getpid())")
    try Self.check(out, sources: sources)
    let record = steps.appending(path: "build.json")
    let earlier: Record? = Self.read(record)
    if earlier?.key != key, !force {
      try Self.refuseContents(of: out, steps: steps, isOther: earlier != nil)
    }
    made = Self.firstMissing(steps.standardizedFileURL)
    let manager = FileManager.default
    try manager.createDirectory(at: steps, withIntermediateDirectories: true)
    lock = try DirectoryLock(steps)
    let present: Record? = Self.read(record)
    guard present?.key == earlier?.key else {
      throw BookError(
        .failure, book: out.relativePath, "another build has just written to it; run again")
    }
    var names: Set<String> = []
    folders = sources.map { source in
      let safe = Self.safeName(source.name)
      var name = safe
      var number = 2
      while !names.insert(name.lowercased()).inserted {
        name = "\(safe)-\(number)"
        number += 1
      }
      return (
        out.appending(path: "steps/\(name)"), sources.count > 1 ? "images/\(name)" : "images"
      )
    }
    do {
      // Of another build, all is removed; of an earlier run of this one, what it had not finished.
      let isOther = earlier != nil && earlier?.key != key
      for name in Self.products where isOther {
        try? manager.removeItem(at: out.appending(path: name))
      }
      for entry in Self.entries(of: steps) where entry.hasPrefix(".scratch-") || isOther {
        try? manager.removeItem(at: steps.appending(path: entry))
      }
      try manager.createDirectory(at: scratch, withIntermediateDirectories: true)
      for folder in folders {
        try manager.createDirectory(at: folder.steps, withIntermediateDirectories: true)
      }
      if earlier?.key != key { try Self.write(Record(key: key), to: record) }
    } catch {
      undo()
      throw error
    }
  }

  private struct Record: Codable { var key: String }

  private static let products = [
    "pairs.jsonl", "review.html", "datacard.md", "images", "manifests",
  ]

  private static func check(_ out: URL, sources: [BookSource]) throws {
    for source in sources
    where source.kind == .folder && out.standardizedFileURL.path == source.url.path {
      throw BookError(book: source.path, "--out must not be the folder of the book")
    }
    if FileManager.default.isDirectory(out.path) == false {
      throw BookError(book: out.relativePath, "--out is a file, expected a directory")
    }
  }

  private static func refuseContents(of out: URL, steps: URL, isOther: Bool) throws {
    let manager = FileManager.default
    let first =
      products.first { manager.fileExists(atPath: out.appending(path: $0).path) }
      ?? (isOther || Self.entries(of: steps).isEmpty ? nil : "steps")
    guard let first else { return }
    throw BookError(
      book: out.relativePath,
      "\(first) already exists" + (isOther ? ", made from other books or options" : "")
        + "; --force overwrites it")
  }

  /// Names in a directory, except the lock's.
  private static func entries(of folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
      .filter { $0 != DirectoryLock.fileName }
  }

  private static func firstMissing(_ folder: URL) -> URL? {
    var missing: URL?
    var folder = folder
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
      missing = folder
      folder.deleteLastPathComponent()
    }
    return missing
  }

  func folder(_ book: Int) -> URL { folders[book].steps }
  func imageFolder(_ book: Int) -> String { folders[book].images }

  /// A name that is safe as a folder's: no separators, no dots in front, of moderate length.
  private static func safeName(_ name: String) -> String {
    let mapped = name.map { character -> Character in
      character == "/" || character == "\\" || character == "\0" || character.isNewline
        ? "_" : character
    }
    var text = String(mapped)
    while text.utf8.count > 120 { text.removeLast() }
    while text.hasPrefix(".") || text.hasPrefix("-") || text.hasPrefix("~") { text.removeFirst() }
    return text.trimmed.isEmpty ? "book" : text
  }

  func removeScratch() { try? FileManager.default.removeItem(at: scratch) }

  /// Removes what this run began, if nothing was there before.
  func undo() {
    removeScratch()
    if let made {
      try? FileManager.default.removeItem(at: made)
      if made.standardizedFileURL.path == steps.standardizedFileURL.path {
        for name in ["images", "manifests"] {
          try? FileManager.default.removeItem(at: out.appending(path: name))
        }
      }
    }
  }

  // MARK: - Files of steps

  static func read<Value: Decodable>(_ file: URL) -> Value? {
    guard let data = try? Data(contentsOf: file) else { return nil }
    return try? JSONDecoder().decode(Value.self, from: data)
  }

  static func write(_ value: some Encodable, to file: URL) throws {
    try AtomicFile.write(try JSONText.encode(value, pretty: true) + "\n", to: file, force: true)
  }
}
