extension ManifestRow {
  /// The labels of an image that may have any number of them: its categories, split at semicolons, without
  /// repeats.
  public var labels: [String] {
    var seen: Set<String> = []
    return categories.flatMap { $0.split(separator: ";") }
      .map { String($0).trimmed }
      .filter { !$0.isEmpty && seen.insert($0).inserted }
  }
}
