extension Module {
  /// The tree of parts with the shapes of their tensors, as files have them, and the counts of their
  /// parameters. This is what `print(model)` shows.
  public var description: String {
    var visitor = StateVisitor()
    visitor.child("", self)
    let root = Branch(visitor, prefix: ".")
    return root.lines(name: nil).joined(separator: "\n")
  }
}

/// A module and what it holds, for printing.
private struct Branch {
  let title: String
  let entries: [StateEntry]
  let children: [(name: String, branch: Branch)]
  let count: Int

  /// - Parameter prefix: of the names of what it holds, with a dot at the end.
  init(_ visitor: StateVisitor, prefix: String) {
    let own = visitor.entries.filter { $0.name.hasPrefix(prefix) }
    title = visitor.types[prefix] ?? ""
    let parts = visitor.order.filter { $0 != prefix && $0.hasPrefix(prefix) }
    // Direct children are those that no other part contains.
    let direct = parts.filter { part in
      !parts.contains { $0 != part && part.hasPrefix($0) }
    }
    children = direct.map { part in
      (String(part.dropFirst(prefix.count).dropLast()), Branch(visitor, prefix: part))
    }
    entries = own.filter { entry in !direct.contains { entry.name.hasPrefix($0) } }
    var seen: Set<ObjectIdentifier> = []
    count = own.reduce(0) {
      guard let parameter = $1.parameter, seen.insert($1.identity).inserted else { return $0 }
      return $0 + parameter.value.count
    }
    self.prefix = prefix
  }

  private let prefix: String

  func lines(name: String?) -> [String] {
    let tensors = entries.map { entry in
      let label = entry.name.dropFirst(prefix.count)
      let mark =
        entry.buffer != nil ? " (buffer)" : entry.parameter?.isTrainable == false ? " (frozen)" : ""
      return "\(label) \(entry.fileShape)\(mark)"
    }
    var line = (name.map { "\($0): " } ?? "") + title
    if count > 0 || name == nil { line += ", \(Self.grouped(count)) parameters" }
    if !tensors.isEmpty { line += ": " + tensors.joined(separator: ", ") }
    return [line]
      + children.flatMap { child in child.branch.lines(name: child.name).map { "  " + $0 } }
  }

  private static func grouped(_ number: Int) -> String {
    var digits = String(number)
    var position = digits.count - 3
    while position > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: position))
      position -= 3
    }
    return digits
  }
}
