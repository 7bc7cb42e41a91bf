extension ReviewDecisions {
  /// Rows after the decisions of a person.
  public struct Outcome: Sendable, Hashable {
    /// All rows in their order, with the changes made; rejected rows have the flag `rejected`.
    public var rows: [PairRow]
    /// The images of the rows that belong into manifests whatever their flags.
    public var accepted: Set<String> = []
    /// The images of the rows that must not be used.
    public var rejected: Set<String> = []
    /// A sentence for each decision that was not applied: its row is gone or says something else now.
    public var unapplied: [String] = []
  }

  /// Applies the decisions to the rows of a run.
  ///
  /// - Parameters:
  ///   - rows: the rows as they came out of the books.
  ///   - shown: the rows as the review page showed them, where that differs: with translations. Nil if it does
  ///     not.
  /// - Returns: the rows with the changes made, and what became of each decision.
  public func apply(to rows: [PairRow], shown: [PairRow]? = nil) -> Outcome {
    var outcome = Outcome(rows: rows)
    let byImage = Dictionary(grouping: rows.indices, by: { rows[$0].image })
    let byPlace = Dictionary(grouping: rows.indices, by: { Self.place(of: rows[$0]) })
    var decided: Set<Int> = []
    for decision in decisions {
      guard let index = Self.row(of: decision, rows, byImage, byPlace) else {
        outcome.unapplied.append("\(decision.name): there is no such pair")
        continue
      }
      if let seen = decision.seen, !Self.agrees(seen, rows[index]),
        !(shown.map { Self.agrees(seen, $0[index]) } ?? false)
      {
        outcome.unapplied.append(
          "\(decision.name): the pair has changed since it was reviewed; review it again")
        continue
      }
      guard decided.insert(index).inserted else {
        outcome.unapplied.append("\(decision.name): another decision was made about this pair")
        continue
      }
      Self.apply(decision, to: index, &outcome)
    }
    return outcome
  }

  private static func apply(_ decision: Decision, to index: Int, _ outcome: inout Outcome) {
    if let set = decision.set {
      if let figure = set.figure { outcome.rows[index].figure = figure }
      if let panel = set.panel { outcome.rows[index].panel = panel }
      if let modality = set.modality { outcome.rows[index].modality = modality }
      if let caption = set.caption { outcome.rows[index].caption = caption }
      if let caption = set.captionZh { outcome.rows[index].captionZh = caption }
    }
    let image = outcome.rows[index].image
    switch decision.verdict {
    case .accept: outcome.accepted.insert(image)
    case .reject:
      outcome.rejected.insert(image)
      if !outcome.rows[index].flags.contains(.rejected) {
        outcome.rows[index].flags.append(.rejected)
      }
    case nil: break
    }
  }

  /// A row's place in its book.
  private struct Place: Hashable {
    let book: String
    let page: Int
    let figure: String
    let panel: String
  }

  private static func place(of row: PairRow) -> Place {
    Place(book: row.book, page: row.page, figure: row.figure, panel: row.panel)
  }

  /// The row that a decision is about: by its image, if the row is in the same place; else by its place,
  /// where names have changed; else by its image alone, where the decision says no more.
  private static func row(
    of decision: Decision, _ rows: [PairRow], _ byImage: [String: [Int]], _ byPlace: [Place: [Int]]
  ) -> Int? {
    let named = decision.image.flatMap { byImage[$0] } ?? []
    guard let book = decision.book, let figure = decision.figure else { return named.first }
    let place = Place(
      book: book, page: decision.page ?? 0, figure: figure, panel: decision.panel ?? "")
    if let index = named.first(where: { self.place(of: rows[$0]) == place }) { return index }
    let placed = byPlace[place] ?? []
    return placed.count == 1 ? placed[0] : nil
  }

  private static func agrees(_ seen: Values, _ row: PairRow) -> Bool {
    (seen.caption ?? row.caption) == row.caption
      && (seen.captionZh ?? row.captionZh) == row.captionZh
      && (seen.modality ?? row.modality) == row.modality
      && (seen.figure ?? row.figure) == row.figure && (seen.panel ?? row.panel) == row.panel
  }
}
