/// The classes of a manifest: the class of each label, and the name of each class.
struct ClassTable {
  /// The name of each class.
  let names: [String]
  /// A description of merged labels.
  private(set) var notes: [String] = []
  private let positions: [String: Int]
  private let merges: Bool

  /// Determines the classes from labels.
  ///
  /// - Parameters:
  ///   - labels: the label of each row.
  ///   - file: the manifest, for messages.
  ///   - targets: the class of each label; nil to number the labels in alphabetical (or numerical)
  ///     order.
  ///   - names: display names of labels.
  ///   - merges: whether spelling variants of a label are merged; otherwise they are an error.
  init(
    labels: [String], file: String, targets: [String: Int]?, names: [String: String]?, merges: Bool
  ) throws(TransferError) {
    self.merges = merges
    var counts: [String: Int] = [:]
    for label in labels { counts[label, default: 0] += 1 }
    let spelled = try targets.map { (targets) throws(TransferError) in
      try Experiment.classNames(targets, of: file)
    }
    try Self.refuseVariants(spelled ?? (merges ? [] : Array(counts.keys)), counts, file: file)
    var order = spelled ?? []
    if spelled == nil {
      let groups = Dictionary(grouping: counts.keys) { merges ? Self.key($0) : $0 }
      order = try Self.ordered(
        groups.values.map { Self.usual($0, counts) }, rows: labels.count, file: file)
      for pair in LabelSpelling.pairs(of: counts) where Self.key(pair.odd) != Self.key(pair.usual) {
        notes.append(
          "\(file): the label '\(pair.odd)' (\(Self.rows(counts[pair.odd]))) looks like "
            + "'\(pair.usual)' (\(Self.rows(counts[pair.usual]))) but is a separate class")
      }
    }
    let positions = Dictionary(
      uniqueKeysWithValues: order.enumerated().map { (merges ? Self.key($1) : $1, $0) })
    if merges {
      let merged = Dictionary(grouping: counts.keys, by: Self.key)
        .compactMap { key, labels -> String? in
          guard let position = positions[key], labels != [order[position]] else { return nil }
          return labels.sorted().map { "'\($0)' (\(Self.rows(counts[$0])))" }
            .joined(separator: " and ") + " into '\(order[position])'"
        }
      notes +=
        merged.isEmpty
        ? ["\(file): --normalize-labels found no spelling variants to merge"]
        : ["\(file): merged " + merged.sorted().joined(separator: "; ")]
    }
    self.positions = positions
    self.names = try Self.named(order, by: names, file: file)
  }

  /// The class of a label; nil if there is none.
  func position(of label: String) -> Int? { positions[merges ? Self.key(label) : label] }

  /// The known label that an unknown one was probably meant to be.
  func suggestion(for label: String) -> String? {
    let known = positions.keys.sorted()
    return known.first { Self.key($0) == Self.key(label) }
      ?? Suggestions.nearest(to: label, among: known)
  }

  /// A key that spelling variants of a label share; numbers are compared by value.
  private static func key(_ label: String) -> String {
    Double(label).map { "\($0)" } ?? LabelSpelling.normalForm(label)
  }

  /// The most frequent spelling, as in pretraining.
  private static func usual(_ labels: [String], _ counts: [String: Int]) -> String {
    guard labels.count > 1 else { return labels[0] }
    let label = labels.max { (counts[$0] ?? 0, $1) < (counts[$1] ?? 0, $0) } ?? labels[0]
    return Knowledge.normalized(label)
  }

  private static func refuseVariants(
    _ labels: [String], _ counts: [String: Int], file: String
  ) throws(TransferError) {
    let variants = Dictionary(grouping: labels, by: key).values.filter { $0.count > 1 }
      .map { $0.sorted() }.sorted { $0[0] < $1[0] }
    guard !variants.isEmpty else { return }
    let texts = variants.prefix(5).map { labels in
      labels.map { "'\($0)' (\(rows(counts[$0])))" }.joined(separator: " and ")
    }
    let rest = variants.count > 5 ? "; and \(variants.count - 5) more" : ""
    throw .invalid(
      "\(file): \(texts.joined(separator: "; "))\(rest) look like spelling variants of one label; "
        + "correct them, or merge them with --normalize-labels")
  }

  private static func ordered(
    _ labels: [String], rows: Int, file: String
  ) throws(TransferError) -> [String] {
    guard labels.count >= 2 else {
      throw .invalid("\(file): at least two classes are needed, found \(labels.count)")
    }
    guard labels.count <= max(2, rows / 2) else {
      throw .invalid(
        "\(file): \(labels.count) different labels in \(rows) rows look like free text, not like "
          + "classes")
    }
    if labels.allSatisfy({ Double($0) != nil }) {
      return labels.sorted { Double($0)! < Double($1)! }
    }
    return labels.sorted()
  }

  private static func named(
    _ labels: [String], by names: [String: String]?, file: String
  ) throws(TransferError) -> [String] {
    guard let names else { return labels }
    if let stray = names.keys.sorted().first(where: { !labels.contains($0) }) {
      throw .invalid(
        "'names' contains the label '\(stray)', which is not in \(file): its labels are "
          + labels.map { "'\($0)'" }.joined(separator: ", "))
    }
    let result = labels.map { names[$0] ?? $0 }
    if let empty = labels.first(where: { names[$0]?.allSatisfy(\.isWhitespace) == true }) {
      throw .invalid("'names' has an empty name for the label '\(empty)'")
    }
    let twice = Dictionary(grouping: labels.indices) { result[$0] }.values.first { $0.count > 1 }
    if let twice {
      throw .invalid(
        "'names' gives " + twice.map { "'\(labels[$0])'" }.joined(separator: " and ")
          + " the same name, '\(result[twice[0]])'")
    }
    return result
  }

  private static func rows(_ count: Int?) -> String { counted(count ?? 0, "row") }
}
