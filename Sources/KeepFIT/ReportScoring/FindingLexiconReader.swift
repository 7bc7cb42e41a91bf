import FundusTensor

/// Takes a lexicon out of its JSON text.
struct FindingLexiconReader {
  /// Which member is wrong, and what was expected.
  struct Problem: Error {
    let message: String
  }

  let name: String?
  let findings: [FindingLexicon.Finding]
  let negation: FindingLexicon.Negation?

  init(_ root: JSONValue) throws(Problem) {
    try Self.check(root, "the file", allowed: ["format", "name", "findings", "negation"])
    guard root["format"]?.integer == 1 else {
      throw Problem(message: "'format' must be 1")
    }
    if let value = root["name"], value.text == nil {
      throw Problem(message: "'name' is \(value.kind), expected a string")
    }
    name = root["name"]?.text
    guard let list = root["findings"]?.elements, !list.isEmpty else {
      throw Problem(message: "'findings' must be a list of at least one object")
    }
    var findings: [FindingLexicon.Finding] = []
    for (index, value) in list.enumerated() {
      findings.append(try Self.finding(value, place: "findings[\(index)]"))
    }
    let names = findings.map { ExactText($0.name) }
    if let twice = Dictionary(grouping: names, by: \.self).first(where: { $0.value.count > 1 }) {
      throw Problem(message: "the finding '\(twice.key.text.quotable(limit: 60))' occurs twice")
    }
    for finding in findings {
      for other in finding.implies where !names.contains(ExactText(other)) {
        throw Problem(
          message: "'\(finding.name.quotable(limit: 60))' implies "
            + "'\(other.quotable(limit: 60))', which is not among the findings")
      }
    }
    self.findings = findings
    negation = try root["negation"].map { value throws(Problem) in try Self.negation(value) }
  }

  private static func check(
    _ value: JSONValue, _ place: String, allowed: [String]
  ) throws(Problem) {
    guard let members = value.members else {
      throw Problem(message: "\(place) is \(value.kind), expected an object")
    }
    if let other = members.first(where: { !allowed.contains($0.name) }) {
      throw Problem(
        message: "\(place): '\(other.name.quotable(limit: 60))' is not known; known keys are "
          + allowed.joined(separator: ", "))
    }
  }

  private static func finding(
    _ value: JSONValue, place: String
  ) throws(Problem) -> FindingLexicon.Finding {
    try check(value, place, allowed: ["name", "terms", "implies"])
    guard let name = value["name"]?.text, !name.isEmpty else {
      throw Problem(message: "\(place).name must be a non-empty string")
    }
    guard let terms = value["terms"] else { throw Problem(message: "\(place).terms is missing") }
    let patterns = try patterns(terms, place: place + ".terms")
    guard !patterns.isEmpty else { throw Problem(message: "\(place).terms is empty") }
    var implies: [String] = []
    if let value = value["implies"] {
      guard let elements = value.elements, elements.allSatisfy({ $0.text != nil }) else {
        throw Problem(message: "\(place).implies must be a list of names")
      }
      implies = elements.compactMap(\.text)
    }
    return FindingLexicon.Finding(name: name, terms: patterns, implies: implies)
  }

  private static func negation(_ value: JSONValue) throws(Problem) -> FindingLexicon.Negation {
    let names = ["before", "after", "ends", "ignored"]
    try check(value, "negation", allowed: names)
    var lists: [[FindingPattern]] = []
    for name in names {
      lists.append(
        try value[name].map { list throws(Problem) in try patterns(list, place: "negation." + name)
        } ?? [])
    }
    return FindingLexicon.Negation(
      before: lists[0], after: lists[1], ends: lists[2], ignored: lists[3])
  }

  private static func patterns(
    _ value: JSONValue, place: String
  ) throws(Problem) -> [FindingPattern] {
    guard let elements = value.elements else {
      throw Problem(message: "\(place) is \(value.kind), expected a list of strings")
    }
    var patterns: [FindingPattern] = []
    for (index, element) in elements.enumerated() {
      guard let term = element.text else {
        throw Problem(message: "\(place)[\(index)] is \(element.kind), expected a string")
      }
      guard let pattern = FindingPattern(term) else {
        throw Problem(
          message:
            "\(place)[\(index)]: '\(term.quotable(limit: 60))' must be words, of which each may "
            + "end in one *")
      }
      patterns.append(pattern)
    }
    return patterns
  }
}
