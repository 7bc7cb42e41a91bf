extension Manifest {
  /// How held-out categories are matched with the categories of a row.
  public enum BanRule: String, Sendable, CaseIterable {
    /// Exact match, as in KeepFIT. Labels that only contain a held-out term are kept.
    case exact
    /// Substring match, as in FLAIR: categories that contain a held-out term, including `chorioretinitis` and
    /// `no cataract`.
    case substring
  }

  /// The categories held out for evaluation in the published pretraining (specification 4.3).
  public static let publishedBannedCategories = [
    "myopia", "cataract", "macular hole", "retinitis pigmentosa", "myopic", "myope", "myop",
    "retinitis",
  ]

  /// The manifest without rows of held-out categories. Rows with captions are kept.
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

  /// A random subset of the rows, in the order of the file: `floor(fraction * count)` of them, without
  /// replacement. The same seed and manifest name give the same rows.
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

  /// The manifest with normalized spelling of labels: lower case, no final dot, single spaces, `age-related`
  /// without hyphen. Otherwise such variants are separate classes and are not found in the knowledge table,
  /// as in the released code.
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
