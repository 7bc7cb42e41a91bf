import Foundation

/// A pattern of paths, as shells expand it: `*`, `?` and `[…]` within a name, and `**` for any number of
/// directories.
///
/// Hidden names match only a pattern that begins with a dot.
struct PathPattern {
  private let text: String

  /// Nil unless the text contains a character of patterns, and is not itself the path of a file.
  init?(_ text: String) {
    guard text.contains(where: { "*?[".contains($0) }),
      FileManager.default.isDirectory((text as NSString).expandingTildeInPath) == nil
    else { return nil }
    self.text = text
  }

  /// The paths that match, sorted directory by directory.
  func paths() -> [String] {
    let expanded = (text as NSString).expandingTildeInPath
    var parts = expanded.split(separator: "/").map(String.init)
    let start = expanded.hasPrefix("/") ? "/" : ""
    if parts.isEmpty { parts = [""] }
    return Self.matches(parts[...], below: start)
  }

  private static func matches(_ parts: ArraySlice<String>, below directory: String) -> [String] {
    guard let part = parts.first else { return [directory] }
    let rest = parts.dropFirst()
    let prefix = directory.isEmpty || directory.hasSuffix("/") ? directory : directory + "/"
    func names() -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: directory.isEmpty ? "." : directory))
        ?? []).sorted()
    }
    if part == "**" {
      if rest.isEmpty { return [directory.isEmpty ? "." : directory] }
      // No directory, or one and more; links are not followed, which could loop.
      let deeper = names().filter { !$0.hasPrefix(".") && isRealDirectory(prefix + $0) }
      return matches(rest, below: directory)
        + deeper.flatMap { matches(parts, below: prefix + $0) }
    }
    guard part.contains(where: { "*?[".contains($0) }) else {
      let path = prefix + part
      return FileManager.default.isDirectory(path) == nil ? [] : matches(rest, below: path)
    }
    return names().filter { fnmatch(part, $0, FNM_PERIOD) == 0 }
      .filter { rest.isEmpty || FileManager.default.isDirectory(prefix + $0) == true }
      .flatMap { matches(rest, below: prefix + $0) }
  }

  private static func isRealDirectory(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType == .typeDirectory
  }
}
