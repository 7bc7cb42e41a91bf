extension Knowledge {
  /// Directories of datasets whose labels the released code does not augment in pretraining. The first name
  /// has no effect, since the directory of that dataset is `06_DEN`.
  public static let publishedExclusions: Set<String> = [
    "06_EYENET", "11_STARE", "08_ODIR-5K", "31_JICHI",
  ]

  /// The exclusions as intended.
  public static let intendedExclusions: Set<String> = publishedExclusions.union(["06_DEN"])

  /// The texts that may stand for a category in pretraining: its name and its descriptors, with equal
  /// probability.
  ///
  /// A descriptor equal to the name increases its probability, as in the released code.
  ///
  /// - Parameters:
  ///   - category: the label of the row.
  ///   - imagePath: the image's path relative to the data root; its first component is the dataset.
  ///   - exclusions: datasets whose labels are not augmented.
  /// - Returns: nil if the label is not augmented.
  public func augmentationPool(
    for category: String, imagePath: String, excluding exclusions: Set<String> = publishedExclusions
  ) -> [String]? {
    let folder = imagePath.prefix { $0 != "/" }
    guard !exclusions.contains(String(folder)), let known = descriptors(for: category) else {
      return nil
    }
    return [category] + known
  }

  /// A normalized label, so that spelling variants are found in the table: without surrounding spaces and
  /// final dot, in lower case, `age-related` without hyphen. The released code compares labels as they are.
  public static func normalized(_ label: String) -> String {
    var text = label.lowercased()[...]
    while let last = text.last, last == "." || last.isWhitespace { text = text.dropLast() }
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.replacing("age-related", with: "age related")
  }
}
