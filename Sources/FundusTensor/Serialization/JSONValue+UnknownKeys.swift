extension JSONValue {
  /// A member of a file that is unknown to its reader, and would have no effect.
  package struct UnknownKey: Equatable, CustomStringConvertible {
    /// Its path, such as `vision.widht`.
    package let path: String
    /// The known names, sorted.
    package let known: [String]

    /// The key and its alternatives on one line.
    package var description: String {
      "'\(path.quotable(limit: 80))' is not known; known keys are \(known.joined(separator: ", "))"
    }
  }

  /// The first member at any depth that is neither in `known`, which is what the reader would write of
  /// what it has read, nor in `others`, names by the path of their object.
  package func unknownKey(
    known: JSONValue, others: [String: [String]] = [:], path: String = ""
  ) -> UnknownKey? {
    switch (self, known) {
    case (.object(let members), .object(let knownMembers)):
      let names = knownMembers.map(\.name) + (others[path] ?? [])
      let prefix = path.isEmpty ? "" : path + "."
      for member in members {
        guard names.contains(member.name) else {
          return UnknownKey(path: prefix + member.name, known: names.sorted())
        }
        if let inner = known[member.name],
          let found = member.value.unknownKey(
            known: inner, others: others, path: prefix + member.name)
        {
          return found
        }
      }
    case (.array(let values), .array(let knownValues)):
      for (value, inner) in zip(values, knownValues) {
        if let found = value.unknownKey(known: inner, others: others, path: path) { return found }
      }
    default: break
    }
    return nil
  }
}
