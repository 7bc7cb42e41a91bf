extension DataSplit {
  /// Samples a split that keeps groups together, such as all images of a patient.
  ///
  /// Groups are assigned in the order of the rows of ``init(labels:seed:options:classNames:)``, first to the
  /// test split, then to validation, then to training, as long as they contain images of a class that the
  /// split still lacks. A percentage is therefore reached and may be exceeded by the rest of a group; with
  /// percentages that add up to 100, training gets all remaining groups. A number of images is met exactly,
  /// and the surplus of a group is not used.
  ///
  /// - Parameters:
  ///   - labels: the class of each row, in the manifest's order.
  ///   - groups: the group of each row.
  ///   - seed: the fold's index.
  ///   - options: the sizes of the splits.
  ///   - classNames: the names of class 0, 1, …
  /// - Throws: ``TransferError`` when a class is empty, or has too few groups for all requested splits.
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
        if rows[label].isEmpty, asked > 0 || (!wanted.isZero && part != "validation") {
          throw .emptyClass(
            label: name, part: part,
            reason: "\(counted(draw.available[label], "image")) of "
              + "\(counted(draw.groupCount(of: label), "group")), requested: test \(options.test), "
              + "training \(options.train), validation \(options.validation)")
        }
        if case .count(let count) = wanted, rows[label].count < count {
          notes.append(Self.shortage(name, left: rows[label].count, requested: count, part: part))
        }
      }
      return rows
    }
    let test = try take(options.test, "test", keepsSome: options.test != .percent(100))
    let validation = try take(options.validation, "validation")
    var train = try take(options.train, "training", keepsSome: false)
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

/// Assigns whole groups.
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

  /// The rows of each class of the groups that meet the requested size.
  /// - `keepsSome`: leaves at least one image of each class for other splits.
  mutating func take(_ wanted: SampleCount, keepsSome: Bool) -> [[Int]] {
    var need = available.map { wanted.samples(of: $0) }
    var left = counts(free.flatMap { $0 })
    var rest = free
    var taken: [[Int]] = []
    // First groups with more images of lacking classes than of others, then any.
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

  /// The rows of each class of all remaining groups.
  mutating func takeRest() -> [[Int]] {
    defer { free = [] }
    return byClass(free)
  }
}
