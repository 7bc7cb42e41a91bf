extension DataSplit {
  /// Draws a split that leaves groups whole, such as all images of a patient.
  ///
  /// Groups come in the order in which the rows of ``init(labels:seed:options:classNames:)`` do, and go
  /// to the test, then to validation, then to training, as long as they bring images of a class that
  /// the part still lacks. A percentage is therefore reached and may be passed by the rest of a group,
  /// and with percentages that make 100 training takes all groups that are left; a number of images is
  /// kept exactly, and what a group has beyond it is not used at all.
  ///
  /// - Parameters:
  ///   - labels: the class of each row, in the manifest's order.
  ///   - groups: the group of each row.
  ///   - seed: the fold's index.
  ///   - options: how much goes where.
  ///   - classNames: of class 0, 1, …
  /// - Throws: ``TransferError`` when a class is empty, or has too few groups for all parts that were
  ///   asked for.
  public init(
    labels: [Int], groups: [String], seed: Int, options: Options, classNames: [String]
  ) throws(TransferError) {
    var random = PythonRandom(seed: seed)
    var order = Array(labels.indices)
    random.shuffle(&order)
    var draw = GroupDraw(labels: labels, groups: groups, order: order, classes: classNames.count)
    for (label, name) in classNames.enumerated() {
      try Self.check(draw.available[label], of: name, options: options)
    }
    var notes: [String] = []
    func take(
      _ wanted: SampleCount, _ part: String, keepsSome: Bool = true
    ) throws(TransferError) -> [[Int]] {
      let rows = draw.take(wanted, keepsSome: keepsSome)
      for (label, name) in classNames.enumerated() {
        let asked = wanted.samples(of: draw.available[label])
        if rows[label].isEmpty, asked > 0 || (!wanted.isZero && part != "validate on") {
          throw .emptyClass(
            label: name, part: part,
            reason: "its \(draw.available[label]) images are of "
              + "\(draw.groupCount(of: label)) groups, and the split tests \(options.test), trains "
              + "on \(options.train) and validates on \(options.validation)")
        }
        if case .count(let count) = wanted, rows[label].count < count {
          notes.append(
            "class '\(name)': \(rows[label].count) instead of \(count) images to \(part)")
        }
      }
      return rows
    }
    let test = try take(options.test, "test", keepsSome: options.test != .percent(100))
    let validation = try take(options.validation, "validate on")
    var train = try take(options.train, "train on", keepsSome: false)
    if case .percent(let first) = options.test, case .percent(let second) = options.validation,
      case .percent(let third) = options.train, third > 0, first + second + third == 100
    {
      for (label, rows) in draw.takeRest().enumerated() { train[label] += rows }
    }
    if options.balance { Self.balance(&train, random: &random) }
    self.init(
      train: train.flatMap { $0 }, validation: validation.flatMap { $0 },
      test: test.flatMap { $0 }, seed: seed, random: random, notes: notes)
  }
}

/// Hands out whole groups.
private struct GroupDraw {
  /// The rows of each class.
  let available: [Int]
  private let labels: [Int]
  private var free: [[Int]]
  private let groupCounts: [Int]

  init(labels: [Int], groups: [String], order: [Int], classes: Int) {
    self.labels = labels
    var positions: [String: Int] = [:]
    var members: [[Int]] = []
    for row in order {
      if let position = positions[groups[row]] {
        members[position].append(row)
      } else {
        positions[groups[row]] = members.count
        members.append([row])
      }
    }
    free = members
    available = (0..<classes).map { label in labels.count { $0 == label } }
    groupCounts = (0..<classes).map { label in
      members.count { rows in rows.contains { labels[$0] == label } }
    }
  }

  func groupCount(of label: Int) -> Int { groupCounts[label] }

  private func counts(_ rows: [Int]) -> [Int] {
    var result = available.map { _ in 0 }
    for row in rows { result[labels[row]] += 1 }
    return result
  }

  private func byClass(_ rows: [[Int]]) -> [[Int]] {
    var result = available.map { _ in [Int]() }
    for row in rows.joined() { result[labels[row]].append(row) }
    return result
  }

  /// The rows of each class of the groups that reach what is wanted.
  /// - `keepsSome`: leaves at least one image of each class for other parts.
  mutating func take(_ wanted: SampleCount, keepsSome: Bool) -> [[Int]] {
    var need = available.map { wanted.samples(of: $0) }
    var left = counts(free.flatMap { $0 })
    var rest = free
    var taken: [[Int]] = []
    // First the groups that bring more of what is lacking than of what is not, then any.
    for isStrict in [true, false] {
      rest.removeAll { rows in
        let counts = counts(rows)
        let useful = zip(need, counts).reduce(0) { $0 + min($1.0, $1.1) }
        guard useful > 0, !isStrict || 2 * useful >= rows.count,
          !keepsSome || zip(left, counts).allSatisfy({ $1 == 0 || $0 > $1 })
        else { return false }
        for label in need.indices {
          need[label] = max(0, need[label] - counts[label])
          left[label] -= counts[label]
        }
        taken.append(rows)
        return true
      }
    }
    free = rest
    let rows = byClass(taken)
    guard case .count(let count) = wanted else { return rows }
    return rows.map { Array($0.prefix(count)) }
  }

  /// The rows of each class of all groups that nobody took.
  mutating func takeRest() -> [[Int]] {
    defer { free = [] }
    return byClass(free)
  }
}
