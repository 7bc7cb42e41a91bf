/// A column of a table, or the two columns that state the same of the left and the right eye.
struct TableColumn {
  /// The name, of a pair without the word for the eye: `Fundus` for `Left-Fundus` and `Right-Fundus`.
  let name: String
  private let left: Int
  private let right: Int

  /// A single column.
  init(_ name: String, at position: Int) {
    self.name = name
    left = position
    right = position
  }

  private init(_ name: String, left: Int, right: Int) {
    self.name = name
    self.left = left
    self.right = right
  }

  /// Whether each eye has a separate column.
  var isPair: Bool { left != right }

  /// The positions in a record.
  var positions: [Int] { isPair ? [left, right] : [left] }

  /// The position of the value for an eye; nil for rows that are not of an eye.
  func position(of eye: Laterality?) -> Int { eye == .right ? right : left }

  /// The pairs among column names, in the order of their first column.
  static func pairs(in header: [String]) -> [TableColumn] {
    var waiting: [String: (position: Int, eye: Laterality)] = [:]
    var pairs: [TableColumn] = []
    for (position, name) in header.enumerated() {
      guard let (base, eye) = split(name) else { continue }
      if let other = waiting[base.lowercased()], other.eye != eye {
        pairs.append(
          TableColumn(
            base, left: eye == .left ? position : other.position,
            right: eye == .right ? position : other.position))
      } else {
        waiting[base.lowercased()] = (position, eye)
      }
    }
    return pairs
  }

  private static let words: [String: Laterality] = [
    "left": .left, "right": .right, "os": .left, "od": .right, "左眼": .left, "右眼": .right,
  ]

  /// The name without its word for an eye, and the eye. `image` for a name that is nothing else.
  private static func split(_ name: String) -> (base: String, eye: Laterality)? {
    var words: [Substring] = name.split { !$0.isLetter && !$0.isNumber }
    guard let index = words.firstIndex(where: { Self.words[$0.lowercased()] != nil }),
      let eye = Self.words[words[index].lowercased()]
    else { return nil }
    words.remove(at: index)
    // "left eye grade" is the grade.
    if words.count > 1 { words.removeAll { $0.lowercased() == "eye" } }
    return (words.isEmpty ? "image" : words.joined(separator: " "), eye)
  }
}
