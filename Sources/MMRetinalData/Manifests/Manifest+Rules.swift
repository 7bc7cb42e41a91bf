extension Manifest {
  /// How a banned category is compared with the categories of a row.
  public enum BanRule: String, Sendable, CaseIterable {
    /// Equal texts, as in KeepFIT. Labels that merely contain a banned term stay.
    case exact
    /// Any category that contains a banned term, as in FLAIR. Also drops `chorioretinitis` and
    /// `no cataract`.
    case substring
  }

  /// The categories that the published pretraining holds out for evaluation (specification 4.3).
  public static let publishedBannedCategories = [
    "myopia", "cataract", "macular hole", "retinitis pigmentosa", "myopic", "myope", "myop",
    "retinitis",
  ]

  /// The manifest without the rows that have a banned category. Rows with captions stay.
  public func withoutCategories(
    _ banned: [String] = publishedBannedCategories, rule: BanRule = .exact
  ) -> Manifest {
    let exact = Set(banned)
    var result = self
    result.rows = rows.filter { row in
      !row.categories.contains { category in
        switch rule {
        case .exact: exact.contains(category)
        case .substring: banned.contains { category.contains($0) }
        }
      }
    }
    return result
  }

  /// A random part of the rows, in the order of the file: `floor(fraction * count)` of them, without
  /// replacement. The same seed and name of the manifest choose the same rows.
  /// - `fraction`: above 0, at most 1.
  public func subset(fraction: Double, seed: UInt64) -> Manifest {
    precondition(fraction > 0 && fraction <= 1, "a fraction of \(fraction)")
    var random = RandomStream(seed: seed).derived("subset").derived(name)
    let count = Int(fraction * Double(rows.count))
    let chosen = rows.indices.shuffled(using: &random).prefix(count).sorted()
    var result = self
    result.rows = chosen.map { rows[$0] }
    return result
  }

  /// The manifest with the spelling of its labels made one: lower case, no final dot, single spaces,
  /// `age-related` without its hyphen. Otherwise such variants count as classes of their own and miss
  /// the knowledge table, as they do in the released code.
  public func normalizingLabels() -> Manifest {
    var result = self
    for index in rows.indices {
      if case .labels(let attributes, let categories) = rows[index].content {
        result.rows[index].content = .labels(
          attributes: attributes, categories: categories.map(Knowledge.normalized))
      }
    }
    return result
  }
}
